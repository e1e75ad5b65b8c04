/** A WebSocket as `watch` needs it. */

/** How a connection ended. */
export interface SocketEnd {
  /** The close code; 1006 if the connection was lost. */
  code: number;
  /** The HTTP status of a refused handshake, if the platform shows it. */
  status?: number | undefined;
}

/** What a socket calls. */
export interface SocketEvents {
  open(): void;
  message(text: string): void;
  /** Called once. Nothing is called afterwards. */
  end(end: SocketEnd): void;
}

/** A connection. */
export interface Socket {
  send(text: string): void;
  close(): void;
  /** Stops and continues reading, so that the server waits. Missing where the platform cannot. */
  setReading?(reading: boolean): void;
}

/** Opens a connection. */
export type OpenSocket = (url: string, events: SocketEvents) => Socket;
