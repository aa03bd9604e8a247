package php_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store/servertest"
)

// TestDouyinTakesWhatPHPHandsOn holds both ends of trade in PHP to Douyin's other side: data as the
// gateway signs it goes through the PHP client and a mini-app's decoder, and the simulator verifies
// its signature; the callback that the simulator signs is verified in PHP.
func TestDouyinTakesWhatPHPHandsOn(t *testing.T) {
	t.Parallel()
	path, ok := servertest.PHP(t, "curl", "json", "openssl")
	if !ok {
		return
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		headers := map[string]string{}
		for name := range r.Header {
			headers[name] = r.Header.Get(name)
		}
		text, err := json.Marshal(map[string]any{"headers": headers, "body": string(body)})
		if err != nil {
			t.Error(err)
		}
		heard <- string(text)
		_, _ = io.WriteString(w, `{"err_no":0,"err_tips":"success"}`)
	}))
	defer shop.Close()
	sim := simulator.New(simulator.Config{AppID: "tt0123456789abcdef", NotifyURL: shop.URL, Trade: simulator.Trade{AppKey: &key.PublicKey, KeyVersion: "2"}})
	defer func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	}()
	douyin := httptest.NewServer(sim)
	defer douyin.Close()
	gateway := httptest.NewServer(signing(t, key))
	defer gateway.Close()

	env := []string{"ORDERSYNC_CLIENT_URL=" + gateway.URL, "SIMULATOR_URL=" + douyin.URL}
	run(t, path, env, "tests/trade.php")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case callback := <-heard:
		run(t, path, append(env, "CALLBACK="+callback), "tests/trade_callback.php")
	case <-ctx.Done():
		t.Fatal("Douyin has not called back")
	}
}

// signing stands for the gateway: it signs a payment of trade and answers as encoding/json writes,
// with <, > and & escaped.
func signing(t *testing.T, key *rsa.PrivateKey) http.Handler {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := trade.NewSigner(trade.SignerConfig{
		AppID: "tt0123456789abcdef", KeyVersion: "2", PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			OutOrderNo  string `json:"out_order_no"`
			TotalAmount int64  `json:"total_amount"`
			Subject     string `json:"subject"`
			Image       string `json:"image"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		data, err := trade.Payment{
			OutOrderNo: asked.OutOrderNo, TotalAmount: asked.TotalAmount, OrderPage: trade.Page{Path: "pages/order/detail", Params: `{"no":"a/b"}`},
			SKU: trade.SKU{
				ID: "C1", Price: asked.TotalAmount, Quantity: 1, Title: asked.Subject, Image: asked.Image, GoodsType: 401, TagGroupID: "tag_group_7272625659888041996",
			},
		}.Data()
		if err != nil {
			t.Error(err)
		}
		signed, err := signer.SignRequest(data)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]string{"system": "trade", "data": signed.Data, "byteAuthorization": signed.ByteAuthorization}); err != nil {
			t.Error(err)
		}
	})
}
