"""The special folders that mail programs do not find by themselves."""

from mailsetup.assistant.program_folders import folders_for_programs
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.verify.imap.folder import Folder

INBOX = Folder("INBOX", "INBOX", frozenset(), "/")


def folder(name: str, *flags: str, delimiter: str = "/") -> Folder:
    return Folder(name, name, frozenset(flags), delimiter)


def test_folders_without_an_attribute_are_found_by_name() -> None:
    known = [INBOX, folder("Elementos enviados"), folder("Borradores"), folder("Correo basura")]
    assert folders_for_programs(known) == Folders(
        sent="Elementos enviados", drafts="Borradores", junk="Correo basura"
    )


def test_folders_with_a_special_use_attribute_are_left_out() -> None:
    known = [INBOX, folder("Enviados", r"\sent"), folder("Sent"), folder("Trash", r"\noselect")]
    assert folders_for_programs(known) == NO_FOLDERS


def test_the_hierarchy_delimiter_becomes_a_slash() -> None:
    dots = folder("INBOX.Enviados", delimiter=".")
    assert folders_for_programs([INBOX, dots]).sent == "INBOX/Enviados"
    assert folders_for_programs([folder("Enviados", delimiter="")]).sent == "Enviados"
    mixed = folder("a/b.Enviados", delimiter=".")
    assert folders_for_programs([mixed]).sent == "", "a program would take it for three levels"
