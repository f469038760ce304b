"""The catalogue of findings: cause, acting person and texts of each id.

``{placeholders}`` in the texts are replaced by the finding's facts.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsetup.diagnosis import causes
from mailsetup.diagnosis.causes import Cause
from mailsetup.i18n import N_, _
from mailsetup.i18n.numbers import short, size
from mailsetup.model.finding import Actor, Fact, Finding, Octets
from mailsetup.model.finding_id import FindingId
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """The row of one id; its texts are message ids of the translations.

    ``vague_title`` and ``vague_advice`` replace the title and the advice where a finding lacks a
    fact that these name.
    """

    id: FindingId
    cause: Cause
    who: Actor
    title: str
    advice: str
    vague_title: str = ""
    vague_advice: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding in words, in the current language."""

    title: str
    advice: str
    who: Actor


_ROWS: Final[tuple[CatalogueEntry, ...]] = (
    # This computer and its mail program.
    CatalogueEntry(
        FindingId.CLIENT_ADDRESS_MALFORMED,
        causes.ADDRESS,
        Actor.YOU,
        N_("This is not a complete e-mail address: {text}"),
        N_("Write it like name@company.com, without blanks."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_ADDRESS_TYPO,
        causes.ADDRESS,
        Actor.YOU,
        N_("Did you mean {suggestion}?"),
        N_("Nobody receives mail at {domain}. Check the part after the @ and try again."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_NETWORK_OFFLINE,
        causes.NETWORK,
        Actor.YOU,
        N_("This computer has no internet connection."),
        N_("Switch on the Wi-Fi or plug in the cable. Then try again."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_NETWORK_CAPTIVE_PORTAL,
        causes.NETWORK,
        Actor.YOU,
        N_("This network wants you to sign in first."),
        N_("Open any web page, accept the network's terms, and try again."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_NETWORK_PORT_BLOCKED,
        causes.PORT_BLOCKED,
        Actor.TECHNICIAN,
        N_("This network does not let your mail through (closed ports: {blocked})."),
        N_(
            "Try with your phone's data. If it works there, talk to whoever runs this network, or "
            "use one of these ports, which are open: {open}."
        ),
        vague_advice=N_(
            "Try with your phone's data. If it works there, talk to whoever runs this network."
        ),
    ),
    CatalogueEntry(
        FindingId.CLIENT_DNS_BROKEN,
        causes.RESOLVER,
        Actor.YOU,
        N_("This computer cannot look up names on the internet."),
        N_("Restart the router, switch off any VPN, and try again."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_DNS_HIJACKED,
        causes.RESOLVER,
        Actor.TECHNICIAN,
        N_("This network gives false answers about names on the internet."),
        N_("Try another network, or ask whoever runs this one to stop rewriting DNS answers."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_CLOCK_WRONG,
        causes.CLOCK,
        Actor.YOU,
        N_("This computer's clock is wrong by {offset}."),
        N_("Switch on automatic time. Secure connections fail while the clock is wrong."),
        vague_title=N_("This computer's clock seems to be wrong."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_TLS_INTERCEPTED,
        causes.INTERCEPTION,
        Actor.YOU,
        N_("Something on this computer opens your secure connections: {issuer}."),
        N_("Switch off the mail shield of that program, not the whole antivirus."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_PROGRAM_WRONG_SETTINGS,
        causes.PROGRAM,
        Actor.YOU,
        N_("Your mail program has other settings: {differences}"),
        N_("Set the account up again with the settings found here."),
    ),
    CatalogueEntry(
        FindingId.CLIENT_CHECK_INCOMPLETE,
        causes.INCOMPLETE_CHECK,
        Actor.TECHNICIAN,
        N_("One part of the check could not be done."),
        N_(
            "Everything else in this report holds. The details name the part: send them to the "
            "makers of this program."
        ),
    ),
    # The domain's DNS records.
    CatalogueEntry(
        FindingId.DNS_DOMAIN_MISSING,
        causes.DOMAIN,
        Actor.TECHNICIAN,
        N_("The domain {domain} does not exist."),
        N_(
            "Check the spelling. If it is right, the domain may have expired: renew it where "
            "it was bought. Until then no mail comes in or goes out."
        ),
    ),
    CatalogueEntry(
        FindingId.DNS_DOMAIN_UNANSWERED,
        causes.DOMAIN,
        Actor.TECHNICIAN,
        N_("The name servers of {domain} do not answer."),
        N_("Nobody can find your mail. Tell whoever manages your domain."),
    ),
    CatalogueEntry(
        FindingId.DNS_DOMAIN_BOGUS,
        causes.DOMAIN,
        Actor.TECHNICIAN,
        N_("The signatures of the domain {domain} are wrong."),
        N_("Many networks refuse this domain. Ask whoever manages it to repair DNSSEC."),
    ),
    CatalogueEntry(
        FindingId.DNS_MX_MISSING,
        causes.MX_MISSING,
        Actor.TECHNICIAN,
        N_("The domain {domain} does not say where its mail goes."),
        N_(
            "The MX record is missing, so no mail can arrive. Ask whoever manages the domain "
            "to add it; your hosting tells you which one."
        ),
    ),
    CatalogueEntry(
        FindingId.DNS_MX_NULL,
        causes.NULL_MX,
        Actor.TECHNICIAN,
        N_("The domain {domain} declares that it receives no mail."),
        N_("Check the spelling. If it is right, ask whoever manages the domain to change the MX."),
    ),
    CatalogueEntry(
        FindingId.DNS_MX_UNRESOLVABLE,
        causes.MX_UNRESOLVABLE,
        Actor.TECHNICIAN,
        N_("Mail for {domain} is sent to a server that does not exist: {hosts}"),
        N_("Ask whoever manages the domain to correct the MX record."),
    ),
    CatalogueEntry(
        FindingId.DNS_MX_ELSEWHERE,
        causes.MX_ELSEWHERE,
        Actor.TECHNICIAN,
        N_("Mail for {domain} is delivered to {mx}, but your mailbox is at {hosting}."),
        N_(
            "A move to another hosting was left half done. Decide which of the two is right. Then "
            "change the MX record, or set up your mail program with the other one."
        ),
    ),
    CatalogueEntry(
        FindingId.DNS_MX_TWO_HOSTINGS,
        causes.TWO_HOSTINGS,
        Actor.TECHNICIAN,
        N_("Your mail is split between two companies: {hostings}"),
        N_("Some messages arrive and some do not. Keep the MX of one company only."),
    ),
    CatalogueEntry(
        FindingId.DNS_SPF_MISSING,
        causes.SPF,
        Actor.TECHNICIAN,
        N_("The domain does not say who may send in its name (SPF is missing)."),
        N_("Many servers distrust such mail. Ask your hosting for its SPF record and publish it."),
    ),
    CatalogueEntry(
        FindingId.DNS_SPF_INVALID,
        causes.SPF,
        Actor.TECHNICIAN,
        N_("The SPF record has a mistake, so it does not count: {reason}"),
        N_("Ask whoever manages the domain to correct it. Your hosting knows the right text."),
    ),
    CatalogueEntry(
        FindingId.DNS_SPF_MULTIPLE,
        causes.SPF,
        Actor.TECHNICIAN,
        N_("The domain has {count} SPF records; only one may exist."),
        N_("As it is, none counts. Ask whoever manages the domain to join them into one."),
    ),
    CatalogueEntry(
        FindingId.DNS_SPF_TOO_MANY_LOOKUPS,
        causes.SPF,
        Actor.TECHNICIAN,
        N_("The SPF record asks {count} questions, and only 10 are allowed. So it does not count."),
        N_("Ask whoever manages the domain to remove the services that you no longer use from it."),
    ),
    CatalogueEntry(
        FindingId.DNS_SPF_SENDER_NOT_COVERED,
        causes.SPF,
        Actor.TECHNICIAN,
        N_("Your mail leaves through {host}, but the SPF record does not mention it."),
        N_("Ask whoever manages the domain to add your hosting to the SPF record."),
    ),
    CatalogueEntry(
        FindingId.DNS_SPF_PERMISSIVE,
        causes.SPF,
        Actor.TECHNICIAN,
        N_("The SPF record lets anyone send in your name."),
        N_("Ask whoever manages the domain to let the record end in “~all”."),
    ),
    CatalogueEntry(
        FindingId.DNS_DKIM_MISSING,
        causes.DKIM,
        Actor.HOSTING,
        N_("Your mail goes out without a signature (DKIM)."),
        N_("Switch it on in your hosting's panel; it is often one button."),
    ),
    CatalogueEntry(
        FindingId.DNS_DKIM_INVALID,
        causes.DKIM,
        Actor.TECHNICIAN,
        N_("Your mail is signed, but the signature is not valid."),
        N_(
            "Copy the DKIM key {selector} from your hosting's panel to the DNS again. If that does "
            "not help, ask your hosting."
        ),
        vague_advice=N_(
            "Copy the DKIM key from your hosting's panel to the DNS again. If that does not help, "
            "ask your hosting."
        ),
    ),
    CatalogueEntry(
        FindingId.DNS_DMARC_MISSING,
        causes.DMARC,
        Actor.TECHNICIAN,
        N_("The domain has no DMARC record."),
        N_("It does not stop mail, but Gmail and Outlook value it. Start with “v=DMARC1; p=none”."),
    ),
    CatalogueEntry(
        FindingId.DNS_DMARC_INVALID,
        causes.DMARC,
        Actor.TECHNICIAN,
        N_("The DMARC record has a mistake."),
        N_("Ask whoever manages the domain to correct it."),
    ),
    CatalogueEntry(
        FindingId.DNS_DMARC_NOT_ALIGNED,
        causes.DMARC,
        Actor.TECHNICIAN,
        N_("The domain asks others to refuse mail that is not identified, and yours is not."),
        N_("Repair SPF or DKIM first. If it is urgent, set DMARC to “p=none”."),
    ),
    CatalogueEntry(
        FindingId.DNS_DMARC_UNIDENTIFIED,
        causes.DMARC,
        Actor.TECHNICIAN,
        N_("Your mail carries no proof that it comes from your domain."),
        N_(
            "Others may take it for spam. Ask your hosting to sign it with your own domain (DKIM), "
            "and check the SPF record."
        ),
    ),
    CatalogueEntry(
        FindingId.DNS_MTA_STS_BROKEN,
        causes.MTA_STS,
        Actor.TECHNICIAN,
        N_("The domain's rules for secure delivery (MTA-STS) do not fit its servers."),
        N_("Ask whoever manages the domain to correct the policy, or to remove it."),
    ),
    CatalogueEntry(
        FindingId.DNS_DANE_BROKEN,
        causes.DANE,
        Actor.TECHNICIAN,
        N_("The fingerprints in the DNS (DANE) of {hosts} cannot be believed."),
        N_(
            "Careful servers hold your mail back until this is mended. Ask whoever manages that "
            "name to sign its TLSA records again, or to remove them."
        ),
    ),
    CatalogueEntry(
        FindingId.DNS_SETTINGS_UNPUBLISHED,
        causes.AUTOCONFIGURATION,
        Actor.TECHNICIAN,
        N_("The domain does not publish its mail settings."),
        N_("Programs have to guess them. Ask your hosting to publish them."),
    ),
    # The hosting's servers.
    CatalogueEntry(
        FindingId.HOSTING_SERVER_UNRESOLVABLE,
        causes.SERVER,
        Actor.HOSTING,
        N_("The mail server {host} does not exist."),
        N_("Check the server's name, or ask your hosting for the right one."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SERVER_UNREACHABLE,
        causes.SERVER,
        Actor.HOSTING,
        N_("The mail server {host} does not answer."),
        N_("Wait 15 minutes and try again. If nothing changes, write to your hosting."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SERVER_REFUSED,
        causes.SERVER,
        Actor.HOSTING,
        N_("The server {host} offers no mail service at port {port}."),
        N_("Check the port, or ask your hosting which one to use."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SERVER_WRONG_SECURITY,
        causes.SERVER,
        Actor.YOU,
        N_("The server {host} wants another kind of encryption at port {port}."),
        N_("Choose {other} for this port, or ask your hosting which one to use."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SERVER_TEMPORARY,
        causes.SERVER,
        Actor.HOSTING,
        N_("The mail server {host} has a problem of its own right now."),
        N_("Your data is not the cause. Try again in some minutes."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_LOGIN_DROPPED,
        causes.LOGIN_OFFER,
        Actor.HOSTING,
        N_("{host} hung up when you logged in."),
        N_(
            "It answered until then. Often a protection against wrong passwords blocks this "
            "connection for a while: wait an hour without trying, or try with your phone's data. "
            "If nothing changes, write to your hosting."
        ),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SERVER_BLOCKS_US,
        causes.SERVER,
        Actor.HOSTING,
        N_("The mail server {host} refuses connections from here."),
        N_(
            "Wait an hour, or try with your phone's data. If it works there, ask your hosting to "
            "unblock this connection."
        ),
    ),
    CatalogueEntry(
        FindingId.HOSTING_TLS_CERTIFICATE_EXPIRED,
        causes.TLS,
        Actor.HOSTING,
        N_("The security certificate of {host} expired on {expires}."),
        N_("Ask your hosting to renew it. Do not accept the warning of your mail program."),
        vague_title=N_("The security certificate of {host} has expired."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_TLS_CERTIFICATE_EXPIRING,
        causes.TLS,
        Actor.HOSTING,
        N_("The security certificate of {host} ends soon (days left: {days})."),
        N_("Ask your hosting to renew it now. Afterwards no mail program will connect."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_TLS_CERTIFICATE_WRONG_NAME,
        causes.CERTIFICATE_NAME,
        Actor.HOSTING,
        N_("The server {host} identifies itself under another name: {names}"),
        N_("Ask your hosting for the right server name. It may be {fitting}."),
        vague_title=N_("The server {host} does not identify itself under this name."),
        vague_advice=N_("Ask your hosting for the right server name."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_TLS_CERTIFICATE_UNKNOWN_ISSUER,
        causes.TLS,
        Actor.HOSTING,
        N_("Nobody known vouches for the server {host} (issuer: {issuer})."),
        N_(
            "Your password was not sent. Ask your hosting for a valid certificate, or your "
            "technician if your company issues its own."
        ),
        vague_title=N_("Nobody known vouches for the server {host}."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_TLS_TOO_OLD,
        causes.TLS,
        Actor.HOSTING,
        N_("The server {host} only knows outdated encryption."),
        N_("Ask your hosting to update it. Your password was not sent."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_STARTTLS_MISSING,
        causes.STARTTLS,
        Actor.HOSTING,
        N_("The server {host} offers no encryption at port {port}."),
        N_(
            "Your password was not sent. Ask your hosting for the encrypted port. In a public "
            "network somebody may be removing the encryption: try another one."
        ),
    ),
    CatalogueEntry(
        FindingId.HOSTING_LOGIN_NO_COMMON_MECHANISM,
        causes.LOGIN_OFFER,
        Actor.HOSTING,
        N_("The server {host} offers no way to log in that this program knows."),
        N_("Ask your hosting to allow a login with name and password over encryption."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SIZE_TOO_SMALL,
        causes.SIZE,
        Actor.YOU,
        N_("Your server accepts messages up to {limit_mib} MB; this one has {size_mib} MB."),
        N_(
            "Wrapped for the post, files grow by a third: about {files_mib} MB of files fit into "
            "one message. Send a link instead, or divide the files."
        ),
        vague_title=N_("Your server does not accept a message as large as this one."),
        vague_advice=N_("Send a link instead, or divide the files."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_MESSAGE_REJECTED,
        causes.MESSAGE_REJECTED,
        Actor.HOSTING,
        N_("The server {host} did not accept the test message."),
        N_("Write to your hosting. A message that holds the server's answer is ready here."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_ADDRESS_UNSUPPORTED,
        causes.ADDRESS_FORM,
        Actor.HOSTING,
        N_("The server {host} cannot handle letters such as ñ in an address."),
        N_("Ask your hosting for another name for this mailbox, written without such letters."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_MESSAGE_NOT_ARRIVED,
        causes.MESSAGE_MISSING,
        Actor.HOSTING,
        N_("The test message was accepted, but it has not arrived after {seconds} seconds."),
        N_("Look again in an hour. If it is still missing, ask your hosting where it went."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_MESSAGE_DELAYED,
        causes.MESSAGE_DELAYED,
        Actor.HOSTING,
        N_("The test message took {seconds} seconds to arrive."),
        N_("Mail arrives, but slowly. If it stays so, ask your hosting why."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_SENDER_BLOCKLISTED,
        causes.BLOCKLIST,
        Actor.HOSTING,
        N_("Your mail leaves from {address}, which is on a blocklist ({lists})."),
        N_(
            "You share this address with other customers of your hosting. Ask your hosting to have "
            "it taken off the list, or to send your mail from another one."
        ),
    ),
    CatalogueEntry(
        FindingId.HOSTING_ATTACHMENT_ALTERED,
        causes.ATTACHMENT,
        Actor.HOSTING,
        N_("The attachment of the test message was changed on the way."),
        N_("Ask your hosting which filter changes attachments."),
    ),
    CatalogueEntry(
        FindingId.HOSTING_ATTACHMENT_REMOVED,
        causes.ATTACHMENT,
        Actor.HOSTING,
        N_("The test message arrived without its attachment."),
        N_("Ask your hosting which filter removes attachments."),
    ),
    # The account at the hosting.
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_REFUSED,
        causes.LOGIN,
        Actor.YOU,
        N_("The server {host} does not accept this user name and password."),
        N_(
            "Type the password again, slowly; mind capital letters. Then try it on your "
            "provider's web page. If that refuses it too, set a new one in your hosting's panel."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_USERNAME_FORM,
        causes.LOGIN,
        Actor.YOU,
        N_("The user name is {username}, not the whole address."),
        N_("Use this user name in your mail program."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_APP_PASSWORD_NEEDED,
        causes.LOGIN,
        Actor.YOU,
        N_("Your provider wants an app password here, not your usual one."),
        N_("Create an app password in your account's security page and type it here."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_OAUTH_NEEDED,
        causes.LOGIN,
        Actor.YOU,
        N_("This account only lets you sign in in the browser."),
        N_(
            "A password does not work here. Sign in in the browser, here or in your mail program,"
            " which opens the sign-in by itself."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_SIGN_IN_REFUSED,
        causes.LOGIN,
        Actor.YOU,
        N_("The server {host} does not accept the sign-in from the browser."),
        N_(
            "Sign in again and choose the account {address}. If it stays so, ask whoever runs the"
            " mail whether programs may use this server."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_SIGN_IN_EXPIRED,
        causes.LOGIN,
        Actor.YOU,
        N_("The sign-in from the browser is not valid any more."),
        N_("Sign in again. That is normal after a new password, or after a long time."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_WRONG_ACCOUNT,
        causes.LOGIN,
        Actor.YOU,
        N_("You signed in as {chosen}, but the mailbox is {address}."),
        N_(
            "Sign in again and choose {address}. Where the browser does not ask, choose “use"
            " another account” there."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_SCOPE_MISSING,
        causes.LOGIN,
        Actor.YOU,
        N_("The sign-in does not allow this program to read and send mail."),
        N_("Sign in again and allow everything that the page asks about mail."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_WEB_LOGIN_NEEDED,
        causes.LOGIN,
        Actor.YOU,
        N_("Your provider wants you to log in on its web page once."),
        N_("Open your mail in the browser, confirm that it is you, and try again here."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_LOCKED,
        causes.LOGIN,
        Actor.HOSTING,
        N_("This account is locked or suspended."),
        N_("Call your hosting. It is usually an unpaid bill or a security alert."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_EXPIRED,
        causes.LOGIN,
        Actor.YOU,
        N_("The password has expired."),
        N_("Set a new one in your hosting's panel and type it here."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_RATE_LIMITED,
        causes.LOGIN,
        Actor.YOU,
        N_("There were too many login attempts."),
        N_("Wait 30 minutes without trying. Other devices may be using an old password."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_TOO_MANY_CONNECTIONS,
        causes.LOGIN,
        Actor.YOU,
        N_("Too many devices or programs are using this mailbox at once."),
        N_("Close mail on the devices that you do not need, and try again in some minutes."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_LOGIN_NOT_PERMITTED,
        causes.LOGIN,
        Actor.TECHNICIAN,
        N_("The server accepts your password, but does not open the mailbox."),
        N_(
            "Log in with the mailbox's main address. If that does not help, ask whoever manages "
            "the mailboxes to allow access with mail programs (IMAP)."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_IMAP_DISABLED,
        causes.IMAP,
        Actor.YOU,
        N_("Reading mail with a program (IMAP) is switched off for this account."),
        N_("Switch IMAP on in the settings of your provider's web page."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_POP3_DISABLED,
        causes.POP3,
        Actor.YOU,
        N_("Fetching mail with a program (POP3) is switched off for this account."),
        N_("Use IMAP, or switch POP3 on in the settings of your provider's web page."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_POP3_EMPTIES,
        causes.POP3,
        Actor.YOU,
        N_("This server deletes every message as soon as a program has read it."),
        N_(
            "Receiving was not tried out, so that no mail of yours is lost."
            " Ask your hosting for IMAP, which keeps mail on the server."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_MAILBOX_IN_USE,
        causes.MAILBOX,
        Actor.YOU,
        N_("Another program is fetching mail from this mailbox at this moment."),
        N_("Close the other mail program, or wait ten minutes, and test again."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_SMTP_DISABLED,
        causes.SMTP,
        Actor.YOU,
        N_("Sending with a program (SMTP) is switched off for this account."),
        N_("Switch it on in the settings of your provider's web page, or ask your administrator."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_QUOTA_FULL,
        causes.QUOTA_FULL,
        Actor.YOU,
        N_("The mailbox is full ({used} of {limit}), so no mail can come in."),
        N_("Empty the trash and delete large old messages, or ask your hosting for more space."),
        vague_title=N_("The mailbox is full, so no mail can come in."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_QUOTA_NEARLY_FULL,
        causes.QUOTA_NEARLY_FULL,
        Actor.YOU,
        N_("The mailbox is {percent} % full ({used} of {limit})."),
        N_("Make room soon: delete large old messages and empty the trash."),
        vague_title=N_("The mailbox is {percent} % full."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_MAILBOX_MISSING,
        causes.MAILBOX,
        Actor.HOSTING,
        N_("The server does not know the mailbox {address}."),
        N_("Check the spelling. Otherwise ask your hosting to create the mailbox."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_SEND_SENDER_NOT_ALLOWED,
        causes.SENDING,
        Actor.YOU,
        N_("The server does not let this account send as {address}."),
        N_("Log in with the account of this address, or ask your hosting to allow it."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_SEND_LIMIT_REACHED,
        causes.SENDING,
        Actor.YOU,
        N_("This account has sent as much as it may for now."),
        N_("Wait until tomorrow. If you did not send that much, change your password today."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_SEND_SEEN_AS_SPAM,
        causes.SENDING,
        Actor.RECIPIENT,
        N_("Your mail to {address} arrived there, but in the folder {folder}."),
        N_(
            "First mend what is named here about your domain. If nothing is, ask the recipient "
            "to mark your mail as “not spam”."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_MAIL_IN_SPAM,
        causes.SPAM_FOLDER,
        Actor.YOU,
        N_("The test message arrived, but in the folder {folder}."),
        N_("Look there for missing mail and mark what is good as “not spam”."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_MAIL_IN_OTHER_FOLDER,
        causes.OTHER_FOLDER,
        Actor.YOU,
        N_("The test message arrived, but in the folder {folder}."),
        N_("A rule in your mailbox moves mail there. Check the rules on the web page."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_FILTER_FORWARDS,
        causes.FILTER,
        Actor.YOU,
        N_("A rule in your mailbox sends mail on to {target}."),
        N_("If you do not want that, delete the rule on the web page."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_FILTER_LOOPS,
        causes.FILTER,
        Actor.YOU,
        N_("Your mailbox sends mail on to {target}, and from there it comes back."),
        N_(
            "Mail goes round until a server gives up and returns it. Delete one of the two "
            "forwards on the web page."
        ),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_FILTER_DISCARDS,
        causes.FILTER,
        Actor.YOU,
        N_("A rule in your mailbox deletes mail: {rule}"),
        N_("If you do not want that, delete the rule on the web page."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_VACATION_ACTIVE,
        causes.VACATION,
        Actor.YOU,
        N_("An automatic answer is active."),
        N_("Switch it off on the web page when you are back."),
    ),
    CatalogueEntry(
        FindingId.ACCOUNT_FOLDERS_UNSUBSCRIBED,
        causes.SUBSCRIPTION,
        Actor.YOU,
        N_("Mail programs do not show these folders: {folders}"),
        N_(
            "Mail may be waiting in them. In Thunderbird, click on the account with the right "
            "button, choose “Subscribe”, and tick them."
        ),
    ),
)

CATALOGUE: Final[Mapping[FindingId, CatalogueEntry]] = {row.id: row for row in _ROWS}


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


def explain(finding: Finding) -> Explanation:
    """The finding in words, in the current language; its facts are sanitised and cut."""
    entry = CATALOGUE[finding.id]
    facts = {name: _formatted(value) for name, value in finding.facts.items()}
    return Explanation(
        title=_filled(entry.title, entry.vague_title, facts),
        advice=_filled(entry.advice, entry.vague_advice, facts),
        who=entry.who,
    )


def _filled(text: str, vague: str, facts: Mapping[str, str]) -> str:
    names = {name for _text, name, _spec, _how in string.Formatter().parse(text) if name}
    chosen = vague if vague and not names <= facts.keys() else text
    return _(chosen).format_map(_Facts(facts))


def _formatted(value: Fact) -> str:
    if isinstance(value, tuple):
        return ", ".join(plain(item, 80) for item in value[:6])
    if isinstance(value, Octets):
        return size(value)
    if isinstance(value, float):
        return short(value)
    return plain(str(value), 160)
