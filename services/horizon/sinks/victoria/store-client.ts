import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { rootCertificates } from "node:tls";
import axios, { type AxiosInstance, type AxiosResponse } from "axios";
import { RetryableError } from "../../retryable-error.ts";
import { backoffMs, classifyOffer, classifyStatus, parseRetryAfter } from "./answer-class.ts";
import type { SendOutcome } from "./bisect.ts";
import type { StoreAddress } from "./store-address.ts";

const MAX_ATTEMPTS = 3;
/** A store that asks for more patience than this gets its samples in a later cycle. */
const MAX_WAIT_MS = 5000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_SHOWN_CHARACTERS = 300;

const WRITE_HEADERS = {
  "Content-Type": "application/x-protobuf",
  "Content-Encoding": "snappy",
  "X-Prometheus-Remote-Write-Version": "0.1.0",
  "User-Agent": "horizon",
};

export interface StoreClientOptions {
  readonly address: StoreAddress;
  /** For a store whose address has no user and password. */
  readonly bearerToken: string | undefined;
  /** PEM certificates to trust beside those that everybody trusts. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly random: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The HTTP side of a remote-write receiver. */
export class StoreClient {
  readonly #options: StoreClientOptions;
  readonly #agents: { httpAgent: HttpAgent; httpsAgent: HttpsAgent };
  readonly #http: AxiosInstance;

  constructor(options: StoreClientOptions) {
    this.#options = options;
    this.#agents = {
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new HttpsAgent({
        keepAlive: true,
        ...(options.ca !== undefined && { ca: [...rootCertificates, options.ca] }),
      }),
    };
    this.#http = axios.create({
      ...this.#agents,
      timeout: options.timeoutMs,
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      responseType: "text",
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
      // The URL in the settings is meant as it stands, also where the environment names a proxy for other things.
      proxy: false,
      ...credentials(options),
    });
  }

  /**
   * Posts a body, at most three times.
   * @returns whether the store has taken it or refuses it for good.
   * @throws RetryableError when it does not answer, or with anything else.
   */
  async write(tenant: string, body: Buffer, signal: AbortSignal): Promise<SendOutcome> {
    const url = this.#options.address.writeUrl(tenant);
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#attempt(url, body, signal, classifyStatus);
      if (!(failure instanceof RetryableError)) {
        return failure;
      }
      const waitMs = Math.max(failure.retryAfterMs, backoffMs(attempt, this.#options.random()));
      if (attempt === MAX_ATTEMPTS || waitMs > MAX_WAIT_MS || isTimeout(failure.cause)) {
        throw failure;
      }
      await this.#options.sleep(waitMs, signal);
    }
  }

  /**
   * Posts, once, a body that the store may as well do without (`classifyOffer`).
   * @returns whether the store has taken it or does not want it. @throws RetryableError when it takes nothing now.
   */
  async offer(tenant: string, body: Buffer, signal: AbortSignal): Promise<SendOutcome> {
    const outcome = await this.#attempt(this.#options.address.writeUrl(tenant), body, signal, classifyOffer);
    if (outcome instanceof RetryableError) {
      throw outcome;
    }
    return outcome;
  }

  /** The store's own metrics as text, or undefined when it shows none. @throws RetryableError when it does not answer. */
  async metrics(signal: AbortSignal): Promise<string | undefined> {
    const { metricsUrl } = this.#options.address;
    const answer = await this.#orRetryable(this.#http.get<unknown>(metricsUrl, { signal }), signal);
    if (answer.status >= 500) {
      throw new RetryableError(`cannot ask the store of VICTORIAMETRICS_URL how it is: it answers ${answer.status}`);
    }
    return answer.status === 200 ? textOf(answer) : undefined;
  }

  /** Whether the store answers, whatever it says: one that stands still or is away does not. */
  async answers(signal: AbortSignal): Promise<boolean> {
    const { metricsUrl } = this.#options.address;
    try {
      const { status } = await this.#orRetryable(this.#http.head<unknown>(metricsUrl, { signal }), signal);
      // Of those with 500 and above, most are from something before it.
      return status < 500;
    } catch (error) {
      if (error instanceof RetryableError) {
        return false;
      }
      throw error;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
  }

  async #attempt(
    url: string,
    body: Buffer,
    signal: AbortSignal,
    classify: typeof classifyStatus,
  ): Promise<SendOutcome | RetryableError> {
    try {
      const posting = this.#http.post<unknown>(url, body, { headers: WRITE_HEADERS, signal });
      const answer = await this.#orRetryable(posting, signal);
      switch (classify(answer.status)) {
        case "accepted":
          return { ok: true };
        case "refused":
          return { ok: false, status: answer.status, words: firstWords(answer) };
        case "later":
          return this.#comeBackLater(answer);
      }
    } catch (error) {
      if (error instanceof RetryableError) {
        return error;
      }
      throw error;
    }
  }

  #comeBackLater(answer: AxiosResponse<unknown>): RetryableError {
    const words = firstWords(answer);
    const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], this.#options.now());
    const said = words === "" ? "" : ` (${words})`;
    return new RetryableError(`cannot write to VICTORIAMETRICS_URL: it answers ${answer.status}${said}`, {
      retryAfterMs,
    });
  }

  async #orRetryable<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      signal.throwIfAborted();
      const words = error instanceof Error && error.message !== "" ? error.message : codeOf(error);
      throw new RetryableError(`cannot reach VICTORIAMETRICS_URL: ${words}`, { cause: error });
    }
  }
}

function credentials({ address: { auth }, bearerToken }: StoreClientOptions) {
  if (auth) {
    return { auth: { ...auth } };
  }
  return bearerToken === undefined ? {} : { headers: { Authorization: `Bearer ${bearerToken}` } };
}

/** A store that hangs has had all the time that a request may take; trying at once again would hold up the cycle. */
function isTimeout(error: unknown): boolean {
  return codeOf(error) === "ECONNABORTED" || codeOf(error) === "ETIMEDOUT";
}

/** Errors of several addresses tried (`localhost`) have a code and no message. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}

function firstWords(answer: AxiosResponse<unknown>): string {
  return textOf(answer).trim().slice(0, MAX_SHOWN_CHARACTERS);
}

function textOf({ data }: AxiosResponse<unknown>): string {
  return typeof data === "string" ? data : "";
}
