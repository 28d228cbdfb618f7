/**
 * Something that the person at the terminal can put right: the message is one sentence (or a few, one a line) that
 * says what cannot be done, why, and the way out. It is shown alone, without a stack.
 */
export class LocalProblem extends Error {
  override readonly name = "LocalProblem";
}
