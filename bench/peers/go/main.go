// The links of a list of pages by net/http and golang.org/x/net/html.
//
//	main LIST OUT IN_FLIGHT PER_HOST
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func isLink(t html.Token) bool {
	return t.DataAtom == atom.A || t.DataAtom == atom.Area || t.DataAtom == atom.Link
}

func linksOf(base *url.URL, response *http.Response) ([]string, error) {
	var found []string
	seen := map[string]bool{}
	z := html.NewTokenizer(response.Body)
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); err.Error() != "EOF" {
				return nil, err
			}
			return found, nil
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			for _, a := range t.Attr {
				if a.Key != "href" {
					continue
				}
				u, err := base.Parse(a.Val)
				if err != nil {
					continue
				}
				if t.DataAtom == atom.Base {
					base = u
				} else if text := u.String(); isLink(t) && !seen[text] {
					seen[text] = true
					found = append(found, text)
				}
			}
		}
	}
}

func main() {
	list, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	file, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	inFlight, _ := strconv.Atoi(os.Args[3])
	perHost, _ := strconv.Atoi(os.Args[4])
	out := bufio.NewWriterSize(file, 1<<20)
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 2 * inFlight, MaxIdleConnsPerHost: perHost}}
	urls := make(chan string, inFlight)
	var lock sync.Mutex
	var group sync.WaitGroup
	var pages, links int
	for i := 0; i < inFlight; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for text := range urls {
				response, err := client.Get(text)
				if err != nil {
					continue
				}
				found, err := linksOf(response.Request.URL, response)
				response.Body.Close()
				if err != nil || response.StatusCode != 200 {
					continue
				}
				lock.Lock()
				pages++
				links += len(found)
				for _, link := range found {
					fmt.Fprintf(out, "%s\t%s\n", text, link)
				}
				lock.Unlock()
			}
		}()
	}
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		urls <- lines.Text()
	}
	close(urls)
	group.Wait()
	out.Flush()
	fmt.Println(pages, links)
}
