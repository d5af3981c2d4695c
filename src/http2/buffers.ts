import { MAX_SECTION_OCTETS } from "../http/field_section.ts";
import { OctetWriter } from "../http/octet_writer.ts";
import type { OctetWriters } from "../http/octet_writers.ts";
import { RequestHead } from "../http/request_head.ts";
import { FieldList } from "./field_list.ts";

/** What most request heads fit in, and what is not kept when it has grown beyond. */
const HEAD_CAPACITY = 512, MAX_HEAD_CAPACITY = 4 * 1024;

/**
 * Content that all streams hold together at most: each has a window of its own,
 * but of those there may be a million.
 */
export const MAX_HELD_OCTETS = 64 * 1024 * 1024;

/** More request heads than this are not kept: those of a few busy connections. */
const MAX_KEPT = 256;

/**
 * How many streams of all connections may have large windows at a time: so many
 * that fast uploads of many clients have one each, and 24 MB at most.
 */
const MAX_LARGE_WINDOWS = 128;

/** A request's head, and the octets that it is parsed from. */
export interface HeadBuffer {
  readonly head: RequestHead;
  readonly octets: OctetWriter;
}

/**
 * Memory that all HTTP/2 connections of a process use in turn, so that an idle
 * one holds next to none.
 */
export class Http2Buffers {
  readonly writers: OctetWriters;
  /** The block that is decoded at the moment. Nobody keeps it across a wait. */
  readonly fields = new FieldList(MAX_SECTION_OCTETS);
  /** The block that is encoded at the moment. Nobody keeps it across a wait. */
  readonly block = new OctetWriter(1024);
  readonly #heads: HeadBuffer[] = [];
  #largeWindows = 0;
  #held = 0;

  constructor(writers: OctetWriters) {
    this.writers = writers;
  }

  /** For one request, until `giveHead`. */
  takeHead(): HeadBuffer {
    return this.#heads.pop() ??
      { head: new RequestHead(), octets: new OctetWriter(HEAD_CAPACITY) };
  }

  /**
   * Takes account of content that has come and nobody has taken yet, until
   * `letGo`. False where that is too much: then it must not be held.
   */
  hold(octets: number): boolean {
    if (this.#held + octets > MAX_HELD_OCTETS) return false;
    this.#held += octets;
    return true;
  }

  letGo(octets: number): void {
    this.#held -= octets;
  }

  /** Whether one stream more may have a large window, which it then gives back. */
  takeLargeWindow(): boolean {
    if (this.#largeWindows === MAX_LARGE_WINDOWS) return false;
    this.#largeWindows++;
    return true;
  }

  giveLargeWindow(): void {
    this.#largeWindows--;
  }

  /** Takes back what nobody uses any more. */
  giveHead(buffer: HeadBuffer): void {
    const { head, octets } = buffer;
    if (
      this.#heads.length === MAX_KEPT || octets.capacity > MAX_HEAD_CAPACITY
    ) return;
    head.reset();
    octets.clear();
    this.#heads.push(buffer);
  }
}
