package preview

import (
	"fmt"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// far is by how many hundredths of an order's amount the lines' sum may differ from it before that is
// said: a coupon, or freight, makes a difference, too.
const far = 20

// warnings are what looks wrong in a push that can be sent.
func warnings(s store.OrderSnapshot, push douyin.OrderPush) (all []string) {
	if w := sums(s.Lines, int64(s.Order.Amount)); w != "" {
		all = append(all, w)
	}
	for i, line := range s.Lines {
		if i < len(push.Detail.Items) && line.Title != push.Detail.Items[i].Title {
			all = append(all, fmt.Sprintf("the title of line %d is cut: it has %d bytes, and Douyin takes %d", i+1, len(line.Title), douyin.MaxTitleBytes))
		}
	}
	return all
}

// sums compares the lines' prices with the order's amount, both in fen. Empty: they go together.
func sums(lines []store.Line, amount int64) string {
	var sum, pieces, parts int64 // of the prices as they stand; as if of one piece each; as if multiplied twice
	for _, l := range lines {
		price := int64(l.Price)
		sum += price
		pieces += price * l.Quantity
		if l.Quantity > 0 {
			parts += price / l.Quantity
		}
	}
	difference := sum - amount
	if difference < 0 {
		difference = -difference
	}
	if difference == 0 {
		return ""
	}
	said := fmt.Sprintf("the lines add up to %d fen, and the order's amount is %d: ", sum, amount)
	switch {
	case pieces == amount && pieces != sum:
		return said + "price is that of one piece, for price × quantity makes the amount. Let the SELECT answer quantity * price AS price"
	case parts == amount && parts != sum:
		return said + "price seems to be multiplied by the quantity twice, for price ÷ quantity makes the amount. Let the SELECT answer the price of the line"
	case sum != 0 && sum == amount*100 || amount != 0 && amount == sum*100:
		return said + "one of the two is in yuan and the other in fen. shop.money is for both: multiply or divide one in the SELECT"
	case difference*100 <= far*amount:
		return ""
	case pieces != sum && near(pieces, amount):
		return said + fmt.Sprintf("price is probably that of one piece, for price × quantity makes %d. Let the SELECT answer quantity * price AS price", pieces)
	case sum > amount:
		return said + "probably a coupon, and then nothing is wrong; else see what price and amount stand for"
	}
	return said + "probably freight, or lines that the SELECT leaves out; see what price and amount stand for"
}

func near(sum, amount int64) bool {
	difference := sum - amount
	if difference < 0 {
		difference = -difference
	}
	return difference*100 <= far*amount
}
