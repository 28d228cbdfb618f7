import { GrowingSpace } from "./growing-space";
import { copyApart, SLACK } from "./snappy";
import { xxh64 } from "./xxh64";

/*
 * The records of new series (`services/shared/registry-record.ts`): their labels as they are to be stored, sorted, without
 * empty ones and without tenant and server labels, with those of their owner; and the ids that are made of them.
 *
 * Only what needs neither words nor rules is done here: labels that are plain ASCII, each a name and perhaps a value, none
 * of them twice, the metric name among them, and no label that a rule is about. Whatever else there is, the host reads
 * label by label.
 */

/** Labels that are taken at most, the owner's included. */
const MAX_LABELS: u32 = 128;

/** A label: where its name is and how many bytes it has, and the same of its value. */
const LABEL_BYTES: usize = 16;
const NAME_BYTES: usize = 4;
const VALUE: usize = 8;
const VALUE_BYTES: usize = 12;
const labels = memory.data(2064, 16);

const METRIC_NAME = memory.data<u8>([0x5f, 0x5f, 0x6e, 0x61, 0x6d, 0x65, 0x5f, 0x5f]); // __name__
const METRIC_NAME_BYTES: u32 = 8;
const TENANT = memory.data<u8>([0x5f, 0x74, 0x65, 0x6e, 0x61, 0x6e, 0x74, 0x5f, 0x69, 0x64]); // _tenant_id
const SERVER = memory.data<u8>([0x5f, 0x73, 0x65, 0x72, 0x76, 0x65, 0x72, 0x5f, 0x69, 0x64]); // _server_id
const OWNER_NAME_BYTES: u32 = 10;

const NAME_FIELD: u32 = 0x0a;
const VALUE_FIELD: u32 = 0x12;
const LABEL_FIELD: u32 = 0x0a;

/** What a record begins with: version 1, type 0, which is the unknown one. */
const RECORD_HEAD: u16 = 0x0001;
const RECORD_HEAD_BYTES: usize = 2;
/** Of the length that stands before a record. */
const LENGTH_BYTES: usize = 4;

/** Of a series that is wanted: where its label fields are, and how many bytes they take. */
const WANTED_BYTES: usize = 8;
/** Of a record that was made: where it begins behind `recordsAt`, its bytes, or 0 if the host has to make it; … */
const ROW_BYTES: usize = 32;
const RECORD_BYTES: usize = 4;
const ID: usize = 8;
/** … how many labels it holds, and the bytes of their longest name and value. */
const LABELS: usize = 16;
const LONGEST_NAME: usize = 20;
const LONGEST_VALUE: usize = 24;

const owner = new GrowingSpace();
let tenantBytes: u32 = 0;
let serverBytes: u32 = 0;
/** Names of labels that rules are about, each behind a byte that is its length. */
const ruled = new GrowingSpace();
let ruledBytes: u32 = 0;
const sent = new GrowingSpace();
const wanted = new GrowingSpace();
const rows = new GrowingSpace();
const records = new GrowingSpace();

let count: u32 = 0;
let hasMetricName: bool = false;

/** Where the host writes tenant and server, both ASCII, one behind the other. */
export function ownerAt(tenant: u32, server: u32): usize {
  tenantBytes = tenant;
  serverBytes = server;
  return owner.ensure(<usize>tenant + <usize>server + SLACK);
}

/** Where the host writes the names of labels that rules are about, each behind a byte that is its length. */
export function ruledAt(bytes: u32): usize {
  ruledBytes = bytes;
  return ruled.ensure(bytes);
}

/** Where the host writes label fields that are not in the kernel's memory. */
export function sentAt(bytes: u32): usize {
  return sent.ensure(<usize>bytes + SLACK);
}

/** Where the host writes which series are wanted. */
export function wantedAt(series: u32): usize {
  return wanted.ensure(<usize>series * WANTED_BYTES);
}

export function recordsAt(): usize {
  return records.start;
}

export function recordRowsAt(): usize {
  return rows.start;
}

/** Makes the records of the series that are wanted, for the owner at hand. @returns the bytes of all. */
export function makeRecords(series: u32): u32 {
  // A length of less than 2^14 takes two bytes, one more than it may take in the request; longer ones are left to the host.
  const mostAdded =
    LENGTH_BYTES + RECORD_HEAD_BYTES + tenantBytes + serverBytes + 2 * <usize>OWNER_NAME_BYTES + 4 * MAX_LABELS;
  const wantedEnd = wanted.start + <usize>series * WANTED_BYTES;
  let most: usize = SLACK;
  for (let at = wanted.start; at < wantedEnd; at += WANTED_BYTES) {
    most += mostAdded + load<u32>(at, 4);
  }
  const out = records.ensure(most);
  let end = out;
  let row = rows.ensure(<usize>series * ROW_BYTES);
  for (let at = wanted.start; at < wantedEnd; at += WANTED_BYTES) {
    const start = end + LENGTH_BYTES;
    const recordEnd = makeRecord(load<u32>(at), load<u32>(at, 4), start, row);
    const bytes = <u32>(recordEnd - start);
    store<u32>(row, <u32>(start - out));
    store<u32>(row, bytes, RECORD_BYTES);
    if (bytes !== 0) {
      store<u32>(end, bytes);
      end = recordEnd;
    }
    row += ROW_BYTES;
  }
  return <u32>(end - out);
}

/** Makes a record of some label fields, and tells in a row what it holds. @returns where it ends; where it began, if it cannot. */
function makeRecord(at: usize, length: u32, out: usize, row: usize): usize {
  count = 0;
  hasMetricName = false;
  if (!readLabels(at, at + length) || !hasMetricName) {
    return out;
  }
  insert(TENANT, OWNER_NAME_BYTES, owner.start, tenantBytes);
  insert(SERVER, OWNER_NAME_BYTES, owner.start + tenantBytes, serverBytes);
  store<u16>(out, RECORD_HEAD);
  const start = out + RECORD_HEAD_BYTES;
  const end = writeLabels(start, row);
  store<u64>(row, xxh64(start, end - start), ID);
  return end;
}

function readLabels(at: usize, end: usize): bool {
  while (at < end) {
    const labelStart = readText(at, LABEL_FIELD, end);
    if (labelStart === 0) {
      return false;
    }
    const labelEnd = textEnd;
    const name = readText(labelStart, NAME_FIELD, labelEnd);
    if (name === 0) {
      return false;
    }
    const nameBytes = <u32>(textEnd - name);
    let value = textEnd;
    if (value < labelEnd) {
      value = readText(value, VALUE_FIELD, labelEnd);
    }
    if (value === 0 || textEnd !== labelEnd || nameBytes === 0) {
      return false;
    }
    if (!isAscii(name, name + nameBytes) || !isAscii(value, labelEnd)) {
      return false;
    }
    if (!addLabel(name, nameBytes, value, <u32>(labelEnd - value))) {
      return false;
    }
    at = labelEnd;
  }
  return true;
}

/** Where the bytes end that `readText` found. */
let textEnd: usize = 0;

/** @returns where the bytes of a field start, which has this tag and fewer than 2^14 bytes; or 0. */
function readText(at: usize, tag: u32, end: usize): usize {
  if (end - at < 2 || <u32>load<u8>(at) !== tag) {
    return 0;
  }
  let length = <u32>load<u8>(at, 1);
  at += 2;
  if (length >= 0x80) {
    if (at >= end || load<u8>(at) >= 0x80) {
      return 0;
    }
    length = (length & 0x7f) | ((<u32>load<u8>(at++)) << 7);
  }
  textEnd = at + length;
  return textEnd <= end ? at : 0;
}

/** Whether no byte is above 127. */
function isAscii(at: usize, end: usize): bool {
  while (at + 16 <= end) {
    if (i8x16.bitmask(v128.load(at)) !== 0) {
      return false;
    }
    at += 16;
  }
  for (; at < end; at++) {
    if (load<u8>(at) >= 0x80) {
      return false;
    }
  }
  return true;
}

/** Adds a label of the series, in its place. @returns false where the host has to look. */
function addLabel(name: usize, nameBytes: u32, value: usize, valueBytes: u32): bool {
  if (nameBytes === OWNER_NAME_BYTES && (isSame(name, TENANT, nameBytes) || isSame(name, SERVER, nameBytes))) {
    return true;
  }
  if (count + 2 >= MAX_LABELS || isRuled(name, nameBytes)) {
    return false;
  }
  if (nameBytes === METRIC_NAME_BYTES && isSame(name, METRIC_NAME, nameBytes)) {
    hasMetricName = valueBytes !== 0;
  }
  return insert(name, nameBytes, value, valueBytes);
}

function isRuled(name: usize, nameBytes: u32): bool {
  const end = ruled.start + ruledBytes;
  for (let at = ruled.start; at < end; ) {
    const bytes = <u32>load<u8>(at);
    if (bytes === nameBytes && isSame(at + 1, name, bytes)) {
      return true;
    }
    at += 1 + bytes;
  }
  return false;
}

/** @returns false where there is a label of that name already. */
function insert(name: usize, nameBytes: u32, value: usize, valueBytes: u32): bool {
  let label = labels + <usize>count * LABEL_BYTES;
  while (label > labels) {
    const before = label - LABEL_BYTES;
    const order = compare(load<u32>(before), load<u32>(before, NAME_BYTES), name, nameBytes);
    if (order === 0) {
      return false;
    }
    if (order < 0) {
      break;
    }
    v128.store(label, v128.load(before));
    label = before;
  }
  store<u32>(label, <u32>name);
  store<u32>(label, nameBytes, NAME_BYTES);
  store<u32>(label, <u32>value, VALUE);
  store<u32>(label, valueBytes, VALUE_BYTES);
  count++;
  return true;
}

function compare(a: usize, aBytes: u32, b: usize, bBytes: u32): i32 {
  const shorter = min(aBytes, bBytes);
  for (let i: u32 = 0; i < shorter; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference !== 0) {
      return difference;
    }
  }
  return <i32>aBytes - <i32>bBytes;
}

function isSame(a: usize, b: usize, bytes: u32): bool {
  return compare(a, bytes, b, bytes) === 0;
}

/** Writes the labels that have a value, and tells in a row what they measure. @returns where they end. */
function writeLabels(out: usize, row: usize): usize {
  let written: u32 = 0;
  let longestName: u32 = 0;
  let longestValue: u32 = 0;
  const end = labels + <usize>count * LABEL_BYTES;
  for (let label: usize = labels; label < end; label += LABEL_BYTES) {
    const valueBytes = load<u32>(label, VALUE_BYTES);
    if (valueBytes === 0) {
      continue;
    }
    const nameBytes = load<u32>(label, NAME_BYTES);
    out = writeText(out, load<u32>(label), nameBytes);
    out = writeText(out, load<u32>(label, VALUE), valueBytes);
    longestName = max(longestName, nameBytes);
    longestValue = max(longestValue, valueBytes);
    written++;
  }
  store<u32>(row, written, LABELS);
  store<u32>(row, longestName, LONGEST_NAME);
  store<u32>(row, longestValue, LONGEST_VALUE);
  return out;
}

function writeText(out: usize, at: usize, bytes: u32): usize {
  if (bytes < 0x80) {
    store<u8>(out, bytes);
    out++;
  } else {
    store<u16>(out, (bytes & 0x7f) | 0x80 | ((bytes >> 7) << 8));
    out += 2;
  }
  copyApart(out, at, bytes);
  return out + bytes;
}
