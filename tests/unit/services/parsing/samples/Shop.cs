using System;
using System.Collections.Generic;

namespace Shop.Core
{
    /// <summary>One thing.</summary>
    [Serializable]
    public class Item : Base, IPriced
    {
        private readonly int price;

        public Item(int price)
        {
            this.price = price;
        }

        public int Price => price;

        public string Name { get; set; }

        [Obsolete]
        public async Task<int> TwiceAsync(int factor = 2)
        {
            return await Task.FromResult(price * factor);
        }
    }

    public interface IPriced
    {
        int Price { get; }
    }

    public record Money(int Amount, string Currency);

    public enum Size { Small, Large }

    public struct Point
    {
        public int X;
    }
}
