"""No secret is sent to a host that the person did not agree to."""

from collections.abc import Collection
from dataclasses import replace

from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.run_options import UnconfirmedError
from mailsetup.model.secret import AccessToken


def confirmed_request(request: CheckRequest, agreed: Collection[str]) -> CheckRequest:
    """The request, without alternatives that its access token must not go to.

    ``agreed`` are domains that the person trusts, in addition to those of the request. Raises
    `UnconfirmedError` where the secret would go to a host without an agreement.
    """
    _require_agreement(request, agreed)
    if not isinstance(request.secret, AccessToken):
        return request
    method = request.sign_in.method if request.sign_in is not None else None
    used = (request.account.incoming, request.account.outgoing)
    if method is None or not all(method.may_receive(server) for server in used):
        raise UnconfirmedError(", ".join(dict.fromkeys(server.host for server in used)))
    others = tuple(server for server in request.alternatives if method.may_receive(server))
    return replace(request, alternatives=others)


def _require_agreement(request: CheckRequest, agreed: Collection[str]) -> None:
    if request.discovery is None:
        return
    missing = set(request.discovery.confirm) - {*request.agreed, *agreed}
    found = request.discovery.settings.hosts if request.discovery.settings else ()
    account = request.account
    servers = (account.incoming, account.outgoing, *request.alternatives)
    if missing and any(server.host in found for server in servers):
        raise UnconfirmedError(", ".join(sorted(missing)))
