/** "VM_STATE_RUNNING" of the contract as people and --json have it: "running". */
export function lowerName(value: string, prefix: string): string {
  return value.slice(value.startsWith(prefix) ? prefix.length : 0).toLowerCase();
}
