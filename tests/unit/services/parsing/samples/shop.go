// Package shop sells things.
package shop

import (
	"errors"
	"fmt"
)

const Limit = 3

// Item is one thing.
type Item struct {
	Name  string
	Price int
}

type Finder interface {
	Find(name string) (*Item, error)
}

type Shop[T any] struct{ items []T }

// Find looks an item up.
func (s *Shop[T]) Find(name string) (*Item, error) {
	for _, item := range s.items {
		fmt.Println(item)
	}
	return nil, errors.New("missing")
}

func New() *Shop[Item] {
	return &Shop[Item]{}
}
