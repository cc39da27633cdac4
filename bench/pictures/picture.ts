/** A drawing that the page of figures shows. */
export type Picture = {
  /** Of its file, without the ending. */
  name: string;
  /** What it shows, for those who cannot see it too. */
  title: string;
  svg: string;
};

/** Beside the page. */
export const PICTURE_FOLDER = 'pictures';
