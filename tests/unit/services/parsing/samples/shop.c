/* Sells things. */
#include <stdio.h>
#include "shop.h"

#define LIMIT 3

struct item {
    const char *name;
    int price;
};

typedef enum { SMALL, LARGE } size_kind;

static int count = 0;

/* Finds an item. */
static struct item *find(const char *name, int limit)
{
    for (int i = 0; i < limit; i++) {
        printf("%s", name);
    }
    return NULL;
}

int main(void) { return count; }
