/**
 * Doubly linked lists of items from which an item is taken in O(1) and put back, in reverse order
 * of taking, in O(1): its own links still say where it was.
 *
 * Items are 0 to `items` - 1. List `l` has the sentinel `items + l`, at which it begins and ends.
 */
export class LinkedLists {
  readonly #items: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** @param lists the items of each list in order; an item is in one list at most */
  constructor(items: number, lists: readonly (readonly number[])[]) {
    this.#items = items;
    // An item in no list is linked to itself, so that taking it changes nothing.
    this.#next = Int32Array.from({ length: items + lists.length }, (_, at) => at);
    this.#previous = this.#next.slice();
    for (const [list, members] of lists.entries()) {
      let last = items + list;
      for (const item of members) {
        this.#link(last, item);
        last = item;
      }
      this.#link(last, items + list);
    }
  }

  /** @returns -1: the list is empty */
  first(list: number): number {
    return this.#itemAt(this.#next[this.#items + list] as number);
  }

  /** @returns -1: `item` is the last */
  after(item: number): number {
    return this.#itemAt(this.#next[item] as number);
  }

  take(item: number): void {
    const next = this.#next[item] as number;
    const previous = this.#previous[item] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  /** @param item the last taken that is not back yet */
  putBack(item: number): void {
    this.#next[this.#previous[item] as number] = item;
    this.#previous[this.#next[item] as number] = item;
  }

  #itemAt(at: number): number {
    return at < this.#items ? at : -1;
  }

  #link(from: number, to: number): void {
    this.#next[from] = to;
    this.#previous[to] = from;
  }
}
