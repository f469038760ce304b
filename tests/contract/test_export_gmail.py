"""The contract of exporters, for Gmail."""

from dataclasses import replace

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.gmail import Gmail
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE, Page
from tests.support.samples.accounts import OAUTH2, account


class TestGmail(suite.ExporterContract):
    program = Gmail()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        assert [file.media_type for file in artifact.files] == ["text/html; charset=utf-8"]

    def links(self, wanted: Account) -> list[str]:
        page = Page(self.exported(wanted).files[0].content.decode())
        return [
            attributes["href"] or ""
            for tag, attributes in page.tags
            if tag == "a" and (attributes["href"] or "").startswith("https://")
        ]

    def test_a_gmail_mailbox_gets_the_steps_to_an_app_password(self) -> None:
        assert "https://myaccount.google.com/apppasswords" in self.links(OAUTH2)
        assert not any("myaccount" in link for link in self.links(BASE))

    def test_a_port_that_send_as_does_not_offer_is_noted(self) -> None:
        odd = replace(BASE, outgoing=replace(BASE.outgoing, port=2525))
        assert any("2525" in note for note in self.exported(odd).notes)
        assert len(self.exported(BASE).notes) == 1

    def test_a_server_that_takes_no_password_cannot_be_joined_to_gmail(self) -> None:
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), ExportFailure)

    def test_pop3_is_noted_to_work_on_android_only(self) -> None:
        page = Page(self.exported(account(protocol=Protocol.POP3)).files[0].content.decode())
        assert any("iPhone" in text for text in page.text)

    def text(self, wanted: Account) -> str:
        return " ".join(Page(self.exported(wanted).files[0].content.decode()).text)

    def test_the_features_closed_in_2026_are_noted_with_the_alternatives(self) -> None:
        (note,) = self.exported(BASE).notes
        assert "2026" in note
        assert "Gmailify" in note
        text = self.text(BASE)
        assert note in text
        assert "Gmail app on a phone" in text
        assert "read by forwarding" in text

    def test_send_mail_as_uses_googles_name_for_the_encryption(self) -> None:
        assert "Secured connection using SSL" in self.text(BASE)
        starttls = self.text(account(security=SocketType.STARTTLS))
        assert "Secured connection using TLS" in starttls
        assert "Secured connection using SSL" not in starttls

    def test_the_app_password_steps_show_a_form_without_a_password(self) -> None:
        text = self.text(OAUTH2)
        assert "16 letters" in text
        assert "2-Step Verification" in text
        shown = self.exported(OAUTH2).files[0].content.decode()
        assert "•••• •••• •••• ••••" in shown
