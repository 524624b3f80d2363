"""For those who receive webhooks from you: is a request really yours? Standard Webhooks 1.0.0, standard library only.

Give it the body as it came, before anything parses it: request.get_data() (Flask), request.body (Django),
await request.body() (FastAPI). A request may come more than once: remember webhook-id of what you have dealt with.
"""

import base64
import hashlib
import hmac
import re
import time

TOLERANCE_SECONDS = 300


def verify(secret, headers, body, now=None):
    """secret: the endpoint's whsec_…; headers: a mapping of texts; body: bytes. Returns True or False."""
    headers = {name.lower(): value for name, value in headers.items()}
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not message_id or not re.fullmatch("[0-9]{1,12}", timestamp):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        return False

    key = base64.b64decode(secret[6:] if secret.startswith("whsec_") else secret)
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # While a secret is being replaced there are two signatures.
    return any(hmac.compare_digest(expected, given.encode()) for given in signatures.split(" "))
