-- A small shop as the PHP class knew it, with the prefix tp_ of ThinkPHP, to try ordersync on without
-- credentials of Douyin's: the README says how, and docker-compose.yml has it made once, in the database
-- "shop". ordersync only reads these four tables; its own are made by `ordersync migrate`. Remove all of it: DROP TABLE tp_order, tp_dy_user, tp_product, tp_course.
SET NAMES utf8mb4;

CREATE TABLE tp_dy_user (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  openid VARCHAR(64) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE tp_product (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  cover_img VARCHAR(255) NOT NULL DEFAULT ''
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE tp_course (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) NOT NULL DEFAULT ''
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- create_time is in seconds; its index is what the sweep reads by.
CREATE TABLE tp_order (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  uid BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  course_id BIGINT UNSIGNED NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  create_time INT UNSIGNED NOT NULL,
  sn VARCHAR(64) NOT NULL DEFAULT '',
  third_order_num VARCHAR(64) NOT NULL DEFAULT '',
  status TINYINT NOT NULL DEFAULT 0,
  KEY create_time (create_time, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO tp_dy_user (id, openid) VALUES
  (1, '_000demo-open-id-0001'), (2, '_000demo-open-id-0002'), (3, '');

INSERT INTO tp_product (id, cover_img) VALUES
  (1, 'https://cdn.example.com/cover/1.jpg'), (2, 'https://cdn.example.com/cover/2.jpg');

INSERT INTO tp_course (id, name) VALUES
  (1, '零基础学书法'), (2, '三十天学会水彩画');

-- 1004 cannot be pushed: its user has no openid.
INSERT INTO tp_order (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES
  (1001, 1, 1, 1, 0.07, 0.07, UNIX_TIMESTAMP() - 900, 'SN1001', '4200001001', 1),
  (1002, 2, 2, 2, 199.00, 199.00, UNIX_TIMESTAMP() - 800, 'SN1002', '', 1),
  (1003, 1, 2, 2, 99.90, 99.90, UNIX_TIMESTAMP() - 700, 'SN1003', '4200001003', 6),
  (1004, 3, 1, 1, 19.90, 19.90, UNIX_TIMESTAMP() - 600, 'SN1004', '', 1),
  (1005, 2, 1, 1, 19.90, 19.90, UNIX_TIMESTAMP() - 500, 'SN1005', '', 0);
