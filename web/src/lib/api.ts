// The server's API: JSON in, JSON out, the sign-in cookie, and the CSRF token on every change.
import type { Answer, Question } from './types.ts';

/** What the server said no with, or that it could not be reached (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Listener = () => void;

export class Api {
  #csrf = '';
  #fetch: typeof fetch;
  /** Called when an answer says that nobody is signed in (any more). */
  onSignedOut: Listener = () => {};

  constructor(fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.#fetch = fetcher;
  }
  set csrf(token: string) {
    this.#csrf = token;
  }

  async request<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    // A report is a question, but it travels as POST: the token goes with every POST.
    if (method !== 'GET' && this.#csrf) headers['X-CSRF-Token'] = this.#csrf;
    let answer: Response;
    try {
      answer = await this.#fetch(`/api/v1${path}`, {
        method,
        headers,
        credentials: 'same-origin',
        ...(body !== undefined ? { body: JSON.stringify(body) } : {}),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
    }
    const text = await answer.text();
    let json: unknown;
    try {
      json = text === '' ? undefined : JSON.parse(text);
    } catch {
      throw new ApiError(answer.status, 'bad_answer', `The server's answer cannot be read (status ${answer.status}).`);
    }
    if (answer.ok) return json as T;
    const error = (json as { error?: { code?: string; message?: string; field?: string } })?.error;
    if (answer.status === 401) this.onSignedOut();
    throw new ApiError(
      answer.status,
      error?.code ?? `status_${answer.status}`,
      error?.message ?? `The server answered ${answer.status}.`,
      error?.field,
    );
  }
  get<T>(path: string, signal?: AbortSignal) {
    return this.request<T>('GET', path, undefined, signal);
  }
  post<T>(path: string, body?: unknown, signal?: AbortSignal) {
    return this.request<T>('POST', path, body, signal);
  }
  patch<T>(path: string, body: unknown) {
    return this.request<T>('PATCH', path, body);
  }
  delete<T>(path: string) {
    return this.request<T>('DELETE', path);
  }
  report<R>(site: string, name: string, question: Partial<Question> & object, signal?: AbortSignal) {
    return this.post<Answer<R>>(`${sitePath(site)}/reports/${name}`, question, signal);
  }
}

export function sitePath(site: string, ...more: string[]): string {
  return ['/sites', encodeURIComponent(site), ...more.map(encodeURIComponent)].join('/');
}

export const api = new Api();
