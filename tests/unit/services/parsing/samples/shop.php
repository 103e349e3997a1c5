<?php
namespace Shop;

use Shop\Item;

const LIMIT = 3;

/** Adds the tax. */
function with_tax(int $price): float {
    return $price * 1.2;
}

interface Priced {
    public function price(): int;
}

trait Named {
    public function name(): string {
        return static::class;
    }
}

final class Basket extends Base implements Priced {
    use Named;

    private array $items = [];

    public function __construct(private Item $first) {
        $this->items[] = $first;
    }

    public function price(): int {
        return count($this->items);
    }
}
?>
<p>Bye</p>
