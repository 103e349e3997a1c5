package shop

import java.util.UUID

const val LIMIT = 3

/** One thing. */
data class Item(val name: String, val price: Int) : Priced {
    fun twice(): Int = price * 2

    companion object {
        fun empty(): Item {
            return Item("", 0)
        }
    }
}

interface Priced {
    fun label(): String
}

object Registry {
    val items = mutableListOf<Item>()
}

enum class Size { SMALL, LARGE }

fun main(args: Array<String>) {
    println(UUID.randomUUID())
}
