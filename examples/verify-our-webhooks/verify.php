<?php

declare(strict_types=1);

const TOLERANCE_SECONDS = 300;

/**
 * For those who receive webhooks from you: is a request really yours? Standard Webhooks 1.0.0, no package needed.
 *
 * Give it the body as it came: file_get_contents('php://input'), or $request->getContent() in Laravel and Symfony.
 * A request may come more than once: remember webhook-id of what you have dealt with.
 *
 * @param string $secret the endpoint's whsec_…
 * @param array<string, string> $headers such as getallheaders()
 */
function verify_webhook(string $secret, array $headers, string $body, ?int $now = null): bool
{
    $headers = array_change_key_case($headers, CASE_LOWER);
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    $signatures = $headers['webhook-signature'] ?? '';
    if ($id === '' || preg_match('/\A[0-9]{1,12}\z/', $timestamp) !== 1) {
        return false;
    }
    if (abs(($now ?? time()) - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }

    $key = base64_decode(str_starts_with($secret, 'whsec_') ? substr($secret, 6) : $secret, true);
    if ($key === false || $key === '') {
        throw new InvalidArgumentException('the secret is not base64');
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // While a secret is being replaced there are two signatures.
    foreach (explode(' ', $signatures) as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}
