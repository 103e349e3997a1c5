// Prices of the shop.
import { readFile } from "node:fs";
const TAX = 0.2;

/** Adds the tax. */
export function withTax(price) {
  return price * (1 + TAX);
}

export const halved = (price) => {
  return price / 2;
};

export default class Basket extends Map {
  static limit = 10;

  constructor(owner) {
    super();
    this.owner = owner;
  }

  // Sum of all prices.
  get total() {
    let sum = 0;
    for (const price of this.values()) {
      sum += price;
    }
    return sum;
  }

  clear = () => {
    super.clear();
  };
}

Basket.prototype.first = function () {
  return this.keys().next().value;
};

module.exports.find = async function find(name) {
  const inner = function () {
    return name;
  };
  return inner();
};
