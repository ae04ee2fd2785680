// Types of socket.io-sessions.js. They take the socket and the options from the types of the io that is
// given, so they serve @types/socket.io-client (1.x, 2.x) as well as the types that 3.x and 4.x bring along.

/** Gives io the function connectWithSession, and SessionSocket as its second name; returns the same io. */
declare function attach<IO extends attach.Client>(
  io: IO
): IO & attach.WithSession<ReturnType<IO>, attach.Options<IO>>;

declare namespace attach {
  /** What socket.io.js exports. */
  type Client = (...args: any[]) => any;

  /** The options that a client takes, and those of this script. */
  type Options<IO extends Client> = Exclude<Parameters<IO>[number], string | undefined> & SessionOptions;

  interface SessionOptions {
    /**
     * For pages whose cookie cannot reach the socket's server; the server must allow tickets. Each handshake
     * gets a new one:
     *
     * - true: by a POST to session-ticket under the socket's path, at the page's own origin
     * - a URL: by a POST to it, which answers as session-ticket does
     * - a function: the ticket that it returns, or promises
     *
     * A 401 with a reason, or a promise rejected with one, makes the session invalid before any handshake.
     * Other failures are those of a connection: 'connect_error', and another try. Default false.
     *
     * Where true or a URL that ends in session-ticket says whence they come, 'sclaim' is answered there too, by a
     * POST to session-claim beside it.
     */
    ticket?: boolean | string | (() => string | PromiseLike<string>);
  }

  interface WithSession<Socket, Opts> {
    connectWithSession: Connect<Socket, Opts>;
    SessionSocket: Connect<Socket, Opts>;
  }

  /**
   * Connects as io.connect does, with the session of the browser's cookie. Namespaces of one address share
   * one connection, with the options of the first; it is never that of a plain io().
   *
   * The handshake's query carries session-script=2 beside that of the page. At the server's event 'sclaim' the
   * script posts to session-claim under the path: the secret that it brings, which fetches the new cookie of a
   * login, or nothing, which fetches the cookie of now. Where there is no answer it tries again.
   */
  interface Connect<Socket, Opts> {
    (opts?: Opts): SessionSocket<Socket>;
    (uri?: string | null, opts?: Opts): SessionSocket<Socket>;
  }

  type SessionSocket<Socket> = Socket & { readonly session: Session };

  interface Session {
    /**
     * 'pending' until the server has connected the socket, 'active' while it is connected, 'invalid' when
     * the server has refused it and it stays closed: until refresh(), or a login in another tab where the
     * reason is one that a login may mend (no_cookie, unknown, destroyed, expired, superseded, renewed,
     * login_required).
     */
    readonly state: 'pending' | 'active' | 'invalid';
    /** Why the server refused the socket last; undefined from the next attempt to connect on. */
    readonly reason: Reason | undefined;
    on(event: 'active', f: () => void): this;
    on(event: 'invalid', f: (reason: Reason) => void): this;
    /** As on does, for the next event of that kind only; off ends it too. */
    once(event: 'active', f: () => void): this;
    once(event: 'invalid', f: (reason: Reason) => void): this;
    off(event: 'active', f: () => void): this;
    off(event: 'invalid', f: (reason: Reason) => void): this;
    /**
     * Connects again with the cookie of now, whatever the state: call it after a login or a logout. The
     * other namespaces of the connection come back with the socket.
     */
    refresh(): void;
  }

  interface Reason {
    /** The server's word for it: 'unknown', 'destroyed', 'login_required', or one of the app's own. */
    readonly code: string;
    readonly message: string;
    /**
     * Whether the socket connects again by itself, each time after a longer delay. It does so too with
     * 'unknown' in the 30 s after 'renewed', when the new cookie may be on its way.
     */
    readonly reconnect: boolean;
    /** What the app gave along. */
    readonly data: any;
  }
}

declare global {
  // The global io of a script tag, as @types/socket.io-client declares it.
  interface SocketIOClientStatic
    extends attach.WithSession<SocketIOClient.Socket, SocketIOClient.ConnectOpts & attach.SessionOptions> {}
  namespace SocketIOClient {
    interface Socket {}
    interface ConnectOpts {}
  }
}

export = attach;
