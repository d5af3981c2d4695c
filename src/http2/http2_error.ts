import { type Http2Code, SidecarError } from "../errors.ts";

/** The error codes that RST_STREAM and GOAWAY carry (RFC 9113 §7). */
export const H2Error = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

const WIRE: Readonly<Record<Http2Code, number>> = {
  HTTP2_PROTOCOL: H2Error.PROTOCOL_ERROR,
  HTTP2_FLOW_CONTROL: H2Error.FLOW_CONTROL_ERROR,
  HTTP2_STREAM_CLOSED: H2Error.STREAM_CLOSED,
  HTTP2_FRAME_SIZE: H2Error.FRAME_SIZE_ERROR,
  HTTP2_COMPRESSION: H2Error.COMPRESSION_ERROR,
  HTTP2_FLOOD: H2Error.ENHANCE_YOUR_CALM,
};

/** The peer broke HTTP/2: a connection error or a stream error (RFC 9113 §5.4). */
export class Http2Error extends SidecarError {
  /**
   * The stream to end with RST_STREAM, after which the connection goes on; 0
   * where the connection must end, with GOAWAY.
   */
  readonly streamId: number;
  /** The error code to send in either frame (RFC 9113 §7). */
  readonly wireCode: number;

  constructor(code: Http2Code, message: string, streamId = 0) {
    super(code, message);
    this.streamId = streamId;
    this.wireCode = WIRE[code];
  }
}
