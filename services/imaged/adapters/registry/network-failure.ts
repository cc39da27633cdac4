import { BangerError } from '#kit/errors.ts';
import { TransientFailure } from './retries.ts';
import { systemCode } from './system-code.ts';

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EACCES',
]);
const UNTRUSTED: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Says what a failed exchange means to the user. What may pass by itself becomes a TransientFailure. */
export function toNetworkFailure(error: unknown, host: string): Error {
  if (error instanceof BangerError || error instanceof TransientFailure) return error;
  const lasting = describeLasting(error, systemCode(error), host);
  if (lasting !== undefined) return failure(error, lasting);
  const message = `the connection to "${host}" failed (${systemCode(error)}); try again`;
  return new TransientFailure(failure(error, message));
}

function describeLasting(error: unknown, code: string, host: string): string | undefined {
  if (UNTRUSTED.has(code)) {
    return `the certificate of "${host}" is not trusted (${code}); name its authority's file in SSL_CERT_FILE and restart imaged`;
  }
  if (isNotTls(error)) {
    return `"${host}" does not speak TLS (${code}); if it is meant to serve plain HTTP, ask for that with --insecure`;
  }
  if (code === 'ERR_PROXY_TUNNEL') {
    return `the proxy does not connect to "${host}"; check HTTPS_PROXY and NO_PROXY`;
  }
  if (!UNREACHABLE.has(code)) return undefined;
  return `"${host}" cannot be reached (${code}); check the network and the proxy settings`;
}

/** Whether a TLS greeting was answered in plain text, which OpenSSL only tells in its message. */
export function isNotTls(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /wrong version number|packet length too long/.test(error.message) || isNotTls(error.cause);
}

function failure(cause: unknown, message: string): BangerError {
  return new BangerError('SERVICE_UNAVAILABLE', message, {
    cause,
    metadata: { code: systemCode(cause) },
  });
}
