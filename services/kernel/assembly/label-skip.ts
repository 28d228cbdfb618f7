/*
 * Finds where the labels of series end. From a label to the next one leads its length, which has to be waited for; so several
 * series are looked through at the same time.
 */

/** Series that are looked through at the same time. */
export const TOGETHER: u32 = 4;

/** Tag of a label in a series. */
export const LABEL: u32 = 0x0a;

/** Where a series starts, where it ends, and what its labels were found to end at. */
const places = memory.data(48, 16);
const PLACE_BYTES: usize = 12;
const END: usize = 4;
const LABELS_END: usize = 8;

export function putSeries(number: u32, start: usize, end: usize): void {
  const place = placeOf(number);
  store<u32>(place, <u32>start);
  store<u32>(place, <u32>end, END);
}

export function startOf(number: u32): usize {
  return load<u32>(placeOf(number));
}

export function endOf(number: u32): usize {
  return load<u32>(placeOf(number), END);
}

/** Where the first field starts that is no label of less than 128 bytes, which nearly all labels are; or the end. */
export function labelsEndOf(number: u32): usize {
  return load<u32>(placeOf(number), LABELS_END);
}

/** Looks through all series that were put. */
export function skipLabels(): void {
  let first = startOf(0);
  let second = startOf(1);
  let third = startOf(2);
  let fourth = startOf(3);
  const firstEnd = endOf(0);
  const secondEnd = endOf(1);
  const thirdEnd = endOf(2);
  const fourthEnd = endOf(3);
  while (true) {
    const firstBytes = labelBytes(first, firstEnd);
    const secondBytes = labelBytes(second, secondEnd);
    const thirdBytes = labelBytes(third, thirdEnd);
    const fourthBytes = labelBytes(fourth, fourthEnd);
    if ((firstBytes | secondBytes | thirdBytes | fourthBytes) === 0) {
      break;
    }
    first += firstBytes;
    second += secondBytes;
    third += thirdBytes;
    fourth += fourthBytes;
  }
  store<u32>(places, <u32>first, LABELS_END);
  store<u32>(places, <u32>second, PLACE_BYTES + LABELS_END);
  store<u32>(places, <u32>third, 2 * PLACE_BYTES + LABELS_END);
  store<u32>(places, <u32>fourth, 3 * PLACE_BYTES + LABELS_END);
}

function placeOf(number: u32): usize {
  return places + <usize>number * PLACE_BYTES;
}

/** Bytes of the label at a place, its tag and length included; 0 where there is no short one. Reads one byte beyond the end. */
function labelBytes(at: usize, end: usize): usize {
  const head = <u32>load<u16>(at);
  const bytes = <usize>(head >> 8) + 2;
  return select<usize>(bytes, 0, ((head & 0x80ff) === LABEL) & (at + bytes <= end));
}
