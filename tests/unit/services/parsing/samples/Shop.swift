import Foundation

let limit = 3

/// One thing.
public struct Item: Priced {
    let name: String

    init(name: String) {
        self.name = name
    }

    func twice(_ factor: Int = 2) -> Int {
        return factor * 2
    }
}

protocol Priced {
    func label() -> String
}

class Basket<T>: Base {
    var items: [T] = []

    deinit {
        items.removeAll()
    }
}

extension Basket where T: Priced {
    func labels() -> [String] { items.map { $0.label() } }
}

enum Size {
    case small, large
}

func main() {
    print(limit)
}
