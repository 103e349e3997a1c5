import type { Owner } from "./owner";

export interface Priced {
  price: number;
  label(): string;
}

export type Money = { amount: number; currency: string };

enum Size {
  Small,
  Large,
}

namespace Rules {
  export function allowed(size: Size): boolean {
    return size === Size.Small;
  }
}

@sealed
export abstract class Item<T extends Owner> implements Priced {
  private readonly owner: T;

  constructor(owner: T) {
    this.owner = owner;
  }

  abstract get price(): number;

  label(): string {
    return `${this.owner}`;
  }
}

export const make = <T extends Owner>(owner: T): Item<T> | null => null;
