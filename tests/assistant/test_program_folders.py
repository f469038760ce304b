"""Which folders a mail program is told, and which it finds by itself."""

from mailsetup.assistant.program_folders import folders_for_programs
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.verify.imap.folder import Folder

INBOX = Folder("INBOX", "INBOX", frozenset(), "/")


def folder(name: str, *flags: str, delimiter: str = "/") -> Folder:
    return Folder(name, name, frozenset(flags), delimiter)


def test_what_only_a_name_tells_is_handed_on() -> None:
    known = [INBOX, folder("Elementos enviados"), folder("Borradores"), folder("Correo basura")]
    assert folders_for_programs(known) == Folders(
        sent="Elementos enviados", drafts="Borradores", junk="Correo basura"
    )


def test_what_the_server_marks_is_left_to_the_program() -> None:
    known = [INBOX, folder("Enviados", r"\sent"), folder("Sent"), folder("Trash", r"\noselect")]
    assert folders_for_programs(known) == NO_FOLDERS


def test_levels_are_told_as_programs_write_them() -> None:
    dots = folder("INBOX.Enviados", delimiter=".")
    assert folders_for_programs([INBOX, dots]).sent == "INBOX/Enviados"
    assert folders_for_programs([folder("Enviados", delimiter="")]).sent == "Enviados"
    mixed = folder("a/b.Enviados", delimiter=".")
    assert folders_for_programs([mixed]).sent == "", "a program would take it for three levels"
