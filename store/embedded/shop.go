package embedded

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// shop is the schema that the PHP class reads, in SQLite's words. updated_at is there for shops that keep one.
var shop = []string{
	`CREATE TABLE "order" (
		"id" INTEGER PRIMARY KEY,
		"uid" INTEGER NOT NULL,
		"product_id" INTEGER NOT NULL,
		"course_id" INTEGER NOT NULL,
		"price" TEXT NOT NULL,
		"amount" TEXT NOT NULL,
		"create_time" INTEGER NOT NULL,
		"sn" TEXT NOT NULL DEFAULT '',
		"third_order_num" TEXT NULL,
		"status" INTEGER NOT NULL DEFAULT 1,
		"updated_at" DATETIME NULL
	)`,
	`CREATE INDEX "order_create_time" ON "order" ("create_time", "id")`,
	`CREATE INDEX "order_updated_at" ON "order" ("updated_at", "id")`,
	`CREATE TABLE "dy_user" ("id" INTEGER PRIMARY KEY, "openid" TEXT NULL)`,
	`CREATE TABLE "product" ("id" INTEGER PRIMARY KEY, "cover_img" TEXT NULL)`,
	`CREATE TABLE "course" ("id" INTEGER PRIMARY KEY, "name" TEXT NULL)`,
}

// CreateShop makes the tables of a shop as the PHP class knows them: order, dy_user, product, course. Money is yuan as text,
// create_time is unix seconds.
func CreateShop(ctx context.Context, db *gorm.DB) error {
	for _, statement := range shop {
		if err := db.WithContext(ctx).Exec(statement).Error; err != nil {
			return fmt.Errorf("embedded: create shop: %w", err)
		}
	}
	return nil
}
