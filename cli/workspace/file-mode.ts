/** The types in a mode (inode(7)). */
const TYPES = 0o170000;
const LINK = 0o120000;

export function isLink(mode: number): boolean {
  return (mode & TYPES) === LINK;
}
