/** The system's, OpenSSL's or Node's word for a failure, wherever in the error it has been put. */
export function systemCode(error: unknown): string {
  if (error instanceof AggregateError) return systemCode(error.errors[0]);
  if (!(error instanceof Error)) return 'UNKNOWN';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : systemCode(error.cause);
}
