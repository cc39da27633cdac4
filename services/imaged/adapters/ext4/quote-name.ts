/** A name from an image for a message: nothing of it may reach a terminal but visible ASCII. */
export function quoteName(latin1: string): string {
  return JSON.stringify(latin1).replace(
    /[^ -~]/g,
    (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
