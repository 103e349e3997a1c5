package shop

import scala.collection.mutable

/** One thing. */
case class Item(name: String, price: Int) extends Priced {
  def twice: Int = price * 2
}

trait Priced {
  def price: Int
}

object Registry {
  val items = mutable.ListBuffer.empty[Item]

  def find(name: String): Option[Item] = {
    items.find(_.name == name)
  }
}
