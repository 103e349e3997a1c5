#include <string>
#include <vector>

namespace shop {

template <typename T>
class Shelf : public Base<T> {
 public:
  explicit Shelf(int size) : size_(size) {}
  virtual ~Shelf();

  T find(const std::string& name) const {
    return items_.at(name);
  }

  bool operator==(const Shelf& other) const;

 private:
  int size_;
};

struct Item {
  std::string name;
};

}  // namespace shop

// Destroys the shelf.
template <typename T>
shop::Shelf<T>::~Shelf() {
  clear();
}

int main(int argc, char** argv) {
  auto twice = [](int x) { return x * 2; };
  return twice(argc);
}
