/**
 * A client for the todo API of authtodo, in one file and without dependencies.
 * It wants fetch, URL, AbortController and crypto, and so runs in browsers,
 * workers and Node.js 20.
 *
 * @module
 */
interface components {
    schemas: {
        /** @description A todo. Later versions of the service may add members; ignore those you do not know. */
        Todo: {
            /**
             * Format: uuid
             * @description A UUIDv7. Treat it as opaque.
             */
            id: string;
            /** @description Whose todo it is: the subject of the token. */
            user_id: string;
            title: components["schemas"]["Title"];
            description: components["schemas"]["Description"];
            /** @description Whether the todo is done. */
            completed: boolean;
            /** @description When `completed` last went from false to true; null as long as it is false. */
            completed_at: components["schemas"]["Time"] | null;
            position: components["schemas"]["Position"];
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
            /**
             * Format: int64
             * @description 1 for a new todo, one more with every change that changed something. `ETag` is this number in quotes.
             */
            version: number;
        };
        /** @description A new todo. Unknown members are refused. */
        TodoCreate: {
            title: components["schemas"]["Title"];
            description?: components["schemas"]["Description"];
            /**
             * @description Whether the todo is done.
             * @default false
             */
            completed?: boolean;
            position?: components["schemas"]["Position"];
            id?: components["schemas"]["Ignored"];
            user_id?: components["schemas"]["Ignored"];
            completed_at?: components["schemas"]["Ignored"];
            created_at?: components["schemas"]["Ignored"];
            updated_at?: components["schemas"]["Ignored"];
            version?: components["schemas"]["Ignored"];
        };
        /** @description The members to change (RFC 7396); those not named stay as they are. Unknown members are refused. `{}` changes nothing. */
        TodoPatch: {
            title?: components["schemas"]["Title"];
            description?: components["schemas"]["Description"];
            /** @description Whether the todo is done. */
            completed?: boolean;
            position?: components["schemas"]["Position"];
            id?: components["schemas"]["Ignored"];
            user_id?: components["schemas"]["Ignored"];
            completed_at?: components["schemas"]["Ignored"];
            created_at?: components["schemas"]["Ignored"];
            updated_at?: components["schemas"]["Ignored"];
            version?: components["schemas"]["Ignored"];
        };
        /** @description 1 to 1024 Unicode code points, counted after white space is trimmed from both ends; no U+0000. */
        Title: string;
        /** @description Null, or 0 to 16384 Unicode code points; no U+0000. The empty string is not null. */
        Description: string | null;
        /**
         * Format: int64
         * @description Where the todo stands in the list that is sorted by `position`; todos of equal position stand in the order of their ids. A new todo without one goes 65536 behind the last.
         */
        Position: number;
        /**
         * Format: date-time
         * @description RFC 3339, UTC, in milliseconds.
         */
        Time: string;
        /** @description Set by the service. It may be sent, so that what GET gave can be sent back; its value is ignored, whatever it is. */
        Ignored: unknown;
        /** @description What went wrong (RFC 9457). */
        Problem: {
            /**
             * Format: uri
             * @description The kind of problem, for programs: a stable name, nothing to fetch.
             */
            type: string;
            /** @description The status in words. */
            title: string;
            /** @description The status of the answer. */
            status: number;
            /** @description What went wrong, for people. It may be reworded at any time. */
            detail: string;
            error_code: components["schemas"]["ErrorCode"];
            /**
             * Format: uri
             * @description This one occurrence; it finds the cause in the service's log.
             */
            instance: string;
            /** @description Everything that is wrong with the request, as far as it was read. */
            errors?: components["schemas"]["Fault"][];
        };
        /**
         * @description The class of the problem, for programs; `type` is finer.
         * @enum {string}
         */
        ErrorCode: "AUTH_ERROR" | "NOT_FOUND" | "VALIDATION_ERROR" | "CONFLICT" | "PRECONDITION_FAILED" | "RATE_LIMITED" | "UNAVAILABLE" | "INTERNAL_ERROR";
        /** @description One thing that is wrong with the request. Exactly one of `pointer`, `parameter` and `header` says where. */
        Fault: {
            /**
             * Format: uri-reference
             * @description Into the body: a JSON Pointer as a URI fragment (RFC 6901 section 6).
             */
            pointer?: string;
            /** @description The name of a query parameter. */
            parameter?: string;
            /** @description The name of a header field. */
            header?: string;
            /** @description What is wrong, for programs. */
            code: string;
            /** @description What is wrong, for people. */
            detail: string;
        };
        /**
         * @description The kinds of problems.
         * @enum {string}
         */
        ProblemType: "urn:authtodo:problem:body-too-large" | "urn:authtodo:problem:idempotency-key-in-flight" | "urn:authtodo:problem:idempotency-key-reused" | "urn:authtodo:problem:internal-error" | "urn:authtodo:problem:malformed-header" | "urn:authtodo:problem:malformed-json" | "urn:authtodo:problem:method-not-allowed" | "urn:authtodo:problem:precondition-failed" | "urn:authtodo:problem:precondition-required" | "urn:authtodo:problem:rate-limited" | "urn:authtodo:problem:todo-not-found" | "urn:authtodo:problem:unauthorized" | "urn:authtodo:problem:unavailable" | "urn:authtodo:problem:unsupported-media-type" | "urn:authtodo:problem:validation-error";
    };
    responses: never;
    parameters: {
        /**
         * @description The id of a todo. Whatever is not the id of one of the user's todos is answered with 404.
         * @example 019cad9d-dd4b-7c3e-9b41-5d0f8a27e6c4
         */
        ID: string;
        /**
         * @description Only todos that are done (`true`) or not done (`false`).
         * @example false
         */
        Completed: boolean;
        /**
         * @description Only todos whose title or description contains this text, in upper or lower case. At most 256 Unicode code points. `%` and `_` stand for themselves.
         * @example tax
         */
        Search: string;
        /**
         * @description The order of the list, descending with a `-` in front. Todos that are equal in it are ordered by id, in the same direction. `title` orders by code point and goes by the first 64 code points. By `completed_at`, todos that are not done come last in both directions.
         * @example -created_at
         */
        Sort: "position" | "-position" | "created_at" | "-created_at" | "updated_at" | "-updated_at" | "title" | "-title" | "completed_at" | "-completed_at";
        /**
         * @description How many todos a page has at most. More than 500 is refused, not cut down.
         * @example 2
         */
        Limit: number;
        /** @description Where the page starts: from the `Link` of the page before. It is opaque, and good only for the same user, `sort`, `completed` and `q`. It does not expire; a todo that is deleted meanwhile does not break it. */
        Cursor: string;
        /**
         * @description Make the change only if the todo still has this version: the `ETag` of an earlier answer, a list of them, or `*`. Weak tags match nothing. A service can be set up to require it.
         * @example "1"
         */
        "If-Match": string;
        /** @description Answer 304 without a body if nothing has changed since: the `ETag` of an earlier answer, a list of them, or `*`. */
        "If-None-Match": string;
        /**
         * @description Makes it safe to send the request again: the todo is created once, and for 24 hours every request with the same key and body gets the same answer. 1 to 255 visible ASCII characters, with or without quotes around them, fresh for every new todo (a UUID is good). Only the answer 201 is kept.
         * @example 8e03978e-40d5-43e8-bc93-6894a57f9324
         */
        "Idempotency-Key": string;
        /**
         * @description `count=exact` asks for `X-Total-Count` (RFC 7240). It costs more the longer the list is. Other preferences are ignored.
         * @example count=exact
         */
        PreferCount: string;
        /**
         * @description `handling=lenient` has unknown members of the body ignored instead of refused (RFC 7240). Other preferences are ignored.
         * @example handling=lenient
         */
        PreferHandling: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
interface operations {
    listTodos: {
        parameters: {
            query?: {
                /**
                 * @description Only todos that are done (`true`) or not done (`false`).
                 * @example false
                 */
                completed?: components["parameters"]["Completed"];
                /**
                 * @description Only todos whose title or description contains this text, in upper or lower case. At most 256 Unicode code points. `%` and `_` stand for themselves.
                 * @example tax
                 */
                q?: components["parameters"]["Search"];
                /**
                 * @description The order of the list, descending with a `-` in front. Todos that are equal in it are ordered by id, in the same direction. `title` orders by code point and goes by the first 64 code points. By `completed_at`, todos that are not done come last in both directions.
                 * @example -created_at
                 */
                sort?: components["parameters"]["Sort"];
                /**
                 * @description How many todos a page has at most. More than 500 is refused, not cut down.
                 * @example 2
                 */
                limit?: components["parameters"]["Limit"];
                /** @description Where the page starts: from the `Link` of the page before. It is opaque, and good only for the same user, `sort`, `completed` and `q`. It does not expire; a todo that is deleted meanwhile does not break it. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /** @description Answer 304 without a body if nothing has changed since: the `ETag` of an earlier answer, a list of them, or `*`. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /**
                 * @description `count=exact` asks for `X-Total-Count` (RFC 7240). It costs more the longer the list is. Other preferences are ignored.
                 * @example count=exact
                 */
                Prefer?: components["parameters"]["PreferCount"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
type Schemas = components["schemas"];
/** A todo. `version` goes up by one with every change, and is its entity tag. Times are UTC, RFC 3339, in milliseconds. */
export type Todo = Schemas["Todo"];
/** A new todo. Only `title` is needed; a whole {@link Todo} will do, too: what the service sets itself is ignored. */
export type TodoCreate = Schemas["TodoCreate"];
/** A change: the members that are there, and no others. */
export type TodoPatch = Schemas["TodoPatch"];
/** What a list is of: filter, order, length of a page (1 to 500, default 100) and where it starts. */
export type ListQuery = NonNullable<operations["listTodos"]["parameters"]["query"]>;
/** The order of a list, descending with `-` in front. */
export type Sort = components["parameters"]["Sort"];
/** The class of a problem; its `type` is finer. */
export type ErrorCode = Schemas["ErrorCode"];
/** The kinds of problems that the todo routes answer with. */
export type ProblemType = Schemas["ProblemType"];
/** One thing that is wrong with a request; one of `pointer`, `parameter` and `header` says where. */
export type Fault = Schemas["Fault"];
/** The document that a {@link Problem} is made from (RFC 9457). */
export type ProblemDocument = Schemas["Problem"];
/** Why a token is asked for. */
export interface TokenRequest {
    /** Whether the token that was given last was refused, so that a cache must not answer. */
    fresh: boolean;
    /** The token that was refused. Whoever has a newer one already may give that. */
    refused: string | null;
}
/** What gives access tokens: asked before every request, and once more when the service has refused one. */
export interface TokenSource {
    /** A token, or null, undefined or "" if nobody is signed in. What it throws reaches the caller as it is. */
    (request: TokenRequest): Promise<string | null | undefined> | string | null | undefined;
}
/** A {@link TokenSource} that keeps the token in memory. */
export interface CachedSource extends TokenSource {
    /** Forgets the token: when somebody signs out, so that nobody else goes on with it. */
    clear(): void;
}
/** What is used of Better Auth's client with its `jwtClient` plugin. */
export interface BetterAuthClient {
    token(): Promise<{
        data?: {
            token?: string | null;
        } | null;
        error?: {
            status?: number;
            message?: string | undefined;
        } | null;
    }>;
}
/** What {@link createTodos} takes. */
export interface Options {
    /** Under which URL the module is mounted, like "https://api.example.com/api"; where there is a page, "/api" will do. */
    baseURL: string | URL;
    /**
     * Where tokens come from: a function, asked before every request, or Better
     * Auth's client, whose token is {@link cached}. Default: none, the browser's
     * session cookie speaks for itself.
     */
    token?: TokenSource | BetterAuthClient;
    /** Whether cookies go along, as for fetch. Default: "omit" with `token`, else "same-origin". */
    credentials?: "omit" | "same-origin" | "include";
    /** Milliseconds for one try of a request, with its answer; 0 is no limit. Default: 15000. */
    timeout?: number;
    /**
     * How often more a read or a creation is tried that was not answered, or was
     * answered with 409 (key in flight), 408, 425, 429, 502, 503 or 504. Changes and
     * deletions are not: whether one was made can only be seen. Default: 3.
     */
    retries?: number;
    /** Milliseconds to wait between two tries at most; a service that asks for more ends them. Default: 30000. */
    maxDelay?: number;
    /** Used in place of the global fetch. */
    fetch?: typeof globalThis.fetch;
}
/** What every call takes. */
export interface CallOptions {
    /** Ends the call with the reason of the signal, the request under way too. */
    signal?: AbortSignal | undefined;
}
/** What {@link Todos.list} takes beside the query. */
export interface ListOptions extends CallOptions {
    /** An earlier answer to the same query: it is the answer again, the same object, if nothing has changed since. */
    previous?: Page | null | undefined;
    /** Ask for {@link Page.total}, which costs the more the longer the list is. Default: false. */
    count?: boolean;
}
/** What {@link Todos.get} takes. */
export interface GetOptions extends CallOptions {
    /** The todo as it was read: it is the answer again, the same object, if it has not changed since. */
    previous?: Todo | null | undefined;
}
/** What {@link Todos.create} takes. */
export interface CreateOptions extends CallOptions {
    /**
     * 1 to 255 visible ASCII characters: for 24 hours every creation with the
     * same key and the same todo gives the one that was created first. Default: a
     * new UUID for each call, kept for its retries.
     */
    idempotencyKey?: string;
}
/** What {@link Todos.update} and {@link Todos.delete} take. */
export interface ChangeOptions extends CallOptions {
    /** Make the change only to this version, or to that of this todo; otherwise it is a {@link Problem} with status 412. */
    ifMatch?: Todo | number | undefined;
}
/** A page of a list. It can be kept as JSON. */
export interface Page {
    /** The todos, in the order that was asked for. */
    todos: Todo[];
    /** The entity tag of the list. */
    etag: string | null;
    /** The `cursor` of the next page; null at the end of the list. */
    next: string | null;
    /** How many todos there are on all pages; null if that was not asked for. */
    total: number | null;
    /** What it answers to. */
    url: string;
}
/**
 * The todos of one user. Every method throws a {@link Problem} for what the
 * service refuses, a {@link NetworkError} when there is no answer, an
 * {@link UnexpectedAnswer} when it is not the todo API that answers, the reason
 * of the signal when it is aborted, and what the token source throws.
 */
export interface Todos {
    /** One page. */
    list(query?: ListQuery, options?: ListOptions): Promise<Page>;
    /** This page and all behind it, each asked for when it is wanted. */
    pages(query?: ListQuery, options?: Omit<ListOptions, "previous">): AsyncGenerator<Page, void, undefined>;
    /** The todos of this page and all behind it. */
    all(query?: ListQuery, options?: CallOptions): AsyncGenerator<Todo, void, undefined>;
    /** One todo. */
    get(id: string, options?: GetOptions): Promise<Todo>;
    /** Creates a todo, once, however often it has to be sent. */
    create(todo: TodoCreate, options?: CreateOptions): Promise<Todo>;
    /** Changes the members that the patch has. */
    update(id: string, patch: TodoPatch, options?: ChangeOptions): Promise<Todo>;
    /** Deletes a todo. */
    delete(id: string, options?: ChangeOptions): Promise<void>;
    /** Forgets the token that is kept in memory, if one is: when somebody signs out. */
    forget(): void;
}
/** What a {@link Problem} is made of. */
export interface ProblemInit {
    /** The status of the answer. */
    status: number;
    /** Default: "about:blank". */
    type?: string;
    /** Default: "Status" and the number. */
    title?: string;
    /** Default: the title. */
    detail?: string;
    /** Default: null. */
    error_code?: string | null;
    /** Default: "". */
    instance?: string;
    /** Default: none. */
    errors?: readonly Fault[];
    /** Default: null. */
    currentVersion?: number | null;
    /** Milliseconds. Default: null. */
    retryAfter?: number | null;
}
/** What the service answered instead of what it was asked for. Its message is the detail, in English. */
export declare class Problem extends Error {
    readonly name = "Problem";
    /** The status of the answer. */
    readonly status: number;
    /** The kind of problem; "about:blank" for answers that are no problem documents. */
    readonly type: ProblemType | (string & {});
    /** The status in words. */
    readonly title: string;
    /** What went wrong, for people. */
    readonly detail: string;
    /** The class of the problem; null for answers that are no problem documents. */
    readonly error_code: ErrorCode | (string & {}) | null;
    /** This one occurrence, by which the service's log has the cause; "" if it was not said. */
    readonly instance: string;
    /** Everything that is wrong with the request, as far as it was read. */
    readonly errors: readonly Fault[];
    /** With 412: the version that the todo has now. */
    readonly currentVersion: number | null;
    /** Milliseconds that the service asks to wait. */
    readonly retryAfter: number | null;
    constructor(init: ProblemInit);
    /** Whether an earlier try of the same creation has not ended yet. */
    get inFlight(): boolean;
    /** Whether the same request may well succeed later, with nothing changed. */
    get passing(): boolean;
}
/** There was no answer, or half of one: no network, no server, the time was up, or no permission (CORS). */
export declare class NetworkError extends Error {
    readonly name = "NetworkError";
}
/** What answers is not the todo API. */
export declare class UnexpectedAnswer extends Error {
    readonly name = "UnexpectedAnswer";
}
/**
 * The todos behind a URL, as one user. Nothing is sent before it is asked for.
 *
 * @example
 * const todos = createTodos({ baseURL: "/api", token: authClient });
 * for await (const todo of todos.all({ completed: false })) console.log(todo.title);
 */
export declare function createTodos(options: Options): Todos;
/**
 * A source that keeps the token of another in memory, and nowhere else, until
 * 30 seconds before it expires or until it is refused. All who ask meanwhile
 * wait for one renewal. A token that is no JWT is kept until it is refused.
 */
export declare function cached(source: TokenSource | BetterAuthClient): CachedSource;
export {};
