import { BangerError } from '#kit/errors.ts';

/** The image is at fault: broken, cut short, or built to do harm. */
export function corrupt(message: string, cause?: unknown): BangerError {
  return new BangerError('IMAGE_CORRUPT', message, cause === undefined ? {} : { cause });
}

/**
 * Says where in the image an error happened. Errors that are not the image's fault (a full disk, an
 * abort, a failed read) pass unchanged, so that nobody blames the image for them.
 */
export function locate(error: unknown, place: string, metadata: Record<string, string>): unknown {
  if (!(error instanceof BangerError)) return error;
  if (error.reason !== 'IMAGE_CORRUPT' && error.reason !== 'FEATURE_UNSUPPORTED') return error;
  return new BangerError(error.reason, `${place}: ${error.message}`, {
    // One cause is enough: the first error, whose stack tells where it was thrown.
    cause: error.cause instanceof BangerError ? error.cause : error,
    metadata: { ...error.metadata, ...metadata },
  });
}
