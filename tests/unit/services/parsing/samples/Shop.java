package shop;

import java.util.List;

/** A shop that sells things. */
@Deprecated
public class Shop<T extends Item> extends Base implements Closeable {
    private final List<T> items;
    private static final int LIMIT = 3;

    public Shop(List<T> items) {
        this.items = items;
    }

    /**
     * Finds by name.
     */
    @Override
    public T find(String name) throws Missing {
        for (T item : items) {
            if (item.name().equals(name)) {
                return item;
            }
        }
        throw new Missing(name);
    }

    interface Item {
        String name();
    }

    enum Size { SMALL, LARGE }

    record Price(int amount, String currency) {
        Price twice() {
            return new Price(amount * 2, currency);
        }
    }
}
