"""Autodiscover responses (POX) for the tests."""


def response(inside: str) -> bytes:
    schema = "http://schemas.microsoft.com/exchange/autodiscover"
    return (
        f'<?xml version="1.0"?><Autodiscover xmlns="{schema}/responseschema/2006">'
        f'<Response xmlns="{schema}/outlook/responseschema/2006a"><User><DisplayName>Ana'
        "</DisplayName></User><Account><AccountType>email</AccountType>"
        f"{inside}</Account></Response></Autodiscover>"
    ).encode()


def protocol(kind: str, server: str, more: str = "") -> str:
    return f"<Protocol><Type>{kind}</Type><Server>{server}</Server>{more}</Protocol>"


def settings_response(host: str = "mail.bodega.es") -> bytes:
    return response(
        "<Action>settings</Action>"
        + protocol("SMTP", host, "<Port>587</Port><SSL>on</SSL>")
        + protocol("POP3", host, "<Port>995</Port>")
        + protocol("IMAP", host, "<Port>993</Port><SSL>on</SSL><LoginName>ana</LoginName>")
    )


def redirect_url(url: str) -> bytes:
    return response(f"<Action>redirectUrl</Action><RedirectUrl>{url}</RedirectUrl>")


def redirect_address(other: str) -> bytes:
    return response(f"<Action>redirectAddr</Action><RedirectAddr>{other}</RedirectAddr>")
