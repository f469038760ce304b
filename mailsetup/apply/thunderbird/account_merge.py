"""What has to change in a profile's preferences so that an account works in it. Pure.

An existing account is recognised by type, host and user, or by the address of its first identity
where at least host or user fits; everything else in the profile belongs to other accounts and is
not touched.
"""

from mailsetup.apply.thunderbird.account_repair import MergePlan, repaired
from mailsetup.apply.thunderbird.known_accounts import (
    ACCOUNTS,
    DEFAULT_ACCOUNT,
    DEFAULT_SMTP,
    LAST_KEY,
    SMTP_SERVERS,
    free_keys,
    is_equal,
    is_likely,
    known_accounts,
    sends_right,
)
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.programs.thunderbird import Keys, folder_prefs, prefs
from mailsetup.formats.prefs_js import PrefsFile
from mailsetup.i18n import _
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.model.settings import Account

# When Thunderbird checks for mail: the user may fix that in user.js.
_HABITS = (".login_at_startup", ".check_new_mail", ".download_on_biff")


def plan(
    content: PrefsFile,
    account: Account,
    *,
    folders: Folders | None = None,
    user_js: PrefsFile | None = None,
) -> MergePlan | ExportFailure:
    """What a profile with these preferences needs; ``user_js`` is the file that overrides them.

    An account that is there already is corrected where it is wrong.
    """
    user_js = user_js or PrefsFile(b"")
    made = _plan(content, account, folders or NO_FOLDERS, user_js)
    if isinstance(made, ExportFailure):
        return made
    for name, value in made.values.items():
        if name in user_js and user_js.get(name) != value and not name.endswith(_HABITS):
            return ExportFailure(
                _(
                    "The file user.js in this profile sets {name} at every start, and would undo"
                    " what is set up. Remove that line, or use a new profile."
                ).format(name=name)
            )
    return made


def _plan(
    content: PrefsFile,
    account: Account,
    folders: Folders,
    user_js: PrefsFile,
) -> MergePlan | ExportFailure:
    known = tuple(known_accounts(content))
    keys = free_keys(content, user_js)
    for is_same in (is_equal, is_likely):
        found = next((one for one in known if is_same(content, one, account)), None)
        if found is not None:
            return repaired(content, found, account, folders, keys)
    return _added(content, account, folders, keys)


def _added(
    content: PrefsFile, account: Account, folders: Folders, keys: Keys
) -> MergePlan | ExportFailure:
    shared = next(
        (key for key in content.words(SMTP_SERVERS) if sends_right(content, key, account)), None
    )
    values = prefs(account, keys)
    if isinstance(values, ExportFailure):
        return values
    prefixes = [
        f"mail.account.{keys.account}.",
        f"mail.server.{keys.server}.",
        f"mail.identity.{keys.identity}.",
    ]
    listed = {ACCOUNTS: keys.account}
    if shared is None:
        prefixes.append(f"mail.smtpserver.{keys.smtp}.")
        listed[SMTP_SERVERS] = keys.smtp
    else:
        values = {
            name: value
            for name, value in values.items()
            if not name.startswith(f"mail.smtpserver.{keys.smtp}.")
        }
        values[f"mail.identity.{keys.identity}.smtpServer"] = shared
    values |= folder_prefs(account, keys, folders)
    for name, key in listed.items():
        values[name] = ",".join((*content.words(name), key))
    if not _has_default_account(content):
        values[DEFAULT_ACCOUNT] = keys.account
    smtp_default = content.text(DEFAULT_SMTP)
    if smtp_default not in content.words(SMTP_SERVERS):
        values[DEFAULT_SMTP] = shared or keys.smtp
    # Thunderbird's next account takes the number behind this one, whether it is free or not.
    last = content.number(LAST_KEY)
    number = int(keys.account.removeprefix("account"))
    if last is not None and last < number:
        values[LAST_KEY] = number
    return MergePlan(values=values, added=True, prefixes=tuple(prefixes), listed=listed)


def _has_default_account(content: PrefsFile) -> bool:
    default = content.text(DEFAULT_ACCOUNT)
    if default not in content.words(ACCOUNTS):
        return False
    server = content.text(f"mail.account.{default}.server")
    return content.text(f"mail.server.{server}.type") not in ("", "none", "rss")
