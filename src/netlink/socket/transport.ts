/**
 * How requests reach a kernel: the addon's socket in a process, a function posing as the kernel in tests. Either form of
 * answer is fine; a one-shot process answers at once, a service on a thread of its own.
 */
export interface Transport {
  /**
   * Sends concatenated messages and gives back all messages that answer them, concatenated, as they came.
   * Throws an error with `code` ETIMEDOUT (no answer) or ENOBUFS (the kernel dropped messages).
   * @param containing stretches of bytes, each behind a byte with its length: messages with data that hold none of them may
   *   be left out
   */
  exchange(request: Uint8Array, timeoutMs: number, containing?: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** @param aside without waiting for what the kernel still has to free (nf_tables) */
  close(aside?: boolean): void;
}
