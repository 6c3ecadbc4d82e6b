/** A rule has something that is not evaluated; the message is the expression. */
export class CannotTell extends Error {
  override readonly name = "CannotTell";
}
