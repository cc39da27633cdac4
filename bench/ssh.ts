/** The host keys of a machine that was made a moment ago prove nothing, and asking for a password would hang. */
export function sshOptions(key: string): string[] {
  const words = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes'];
  return ['-q', '-F', 'none', '-i', key, ...words.flatMap((word) => ['-o', word])];
}
