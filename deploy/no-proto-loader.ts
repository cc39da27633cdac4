/** In a bundle, in the place of a library of 170 KB that nothing calls. */
export function loadSync(): never {
  throw new Error('this build reads no .proto files');
}
