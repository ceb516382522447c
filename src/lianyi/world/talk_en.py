"""Words of the English grammar; the same intents and slots as the Chinese one."""

OPENINGS = (
    "",
    "",
    "",
    "",
    "Hi all, ",
    "Hey, ",
    "Quick one: ",
    "By the way, ",
    "Folks, ",
    "Morning! ",
    "Honestly, ",
    "So, ",
)
ENDINGS = ("", "", "", "", "!", ".", " :)", " 😊", " 👍", " haha", " thanks", "…")

CORES = {
    "greet": ("good morning everyone", "hello from a new member", "happy weekend", "just joined, nice to meet you", "how is everybody doing"),
    "question": (
        "is the {p} good for beginners?", "does the {p} ship abroad?", "has anyone tried the {p}?", "how long does delivery of the {p} take?",
        "what would you pick for {c}?", "how do you store the {p}?", "when is the {p} back in stock?", "is the {p} fine as a gift?",
    ),
    "answer": (
        "I have used the {p} for months, works well", "delivery took three days for me", "keep it dry and cool", "they restock next week",
        "start with the small one", "yes, my parents liked it", "see the details on the product page", "worth it if you ask me",
    ),
    "praise": ("the {p} is lovely, third time I buy it", "big thumbs up for the {p}", "support was kind and quick", "the {p} beats what I had before", "love the wrapping of the {p}"),
    "complaint": (
        "my {p} arrived damaged", "still waiting for the {p} after a week", "the {p} broke after two days, I want a refund",
        "nobody answers my refund request", "the colour of the {p} is off, disappointed",
    ),
    "comfort": ("sorry to hear, ask support for a swap", "same here last month, they sent a new one", "send them a photo, it goes faster"),
    "talk": (
        "took the {p} out this weekend", "my notes on {c} are done", "anyone else into {c}?", "the {p} made my day", "compared three, the {p} wins",
        "a colleague asked me about the {p}", "my {c} shelf is full by now",
    ),
    "agree": ("same here", "good point", "bookmarked", "totally", "now I want one", "nice one", "agreed"),
    "thanks": ("thanks a lot", "great, thank you", "that helps, cheers", "got it, thanks"),
    "checkin": ("day {n} done", "check-in number {n}", "{n} thousand steps today"),
    "link": ("have a look at the {p}, link here", "found this page about the {p}", "a friend sent me the {p}, passing it on"),
    "festival": ("happy {f} to all", "any plans for {f}?", "would the {p} do as a {f} gift?"),
    "advert": ("earn 300 a day from home, message me", "cheap accounts for sale, contact me now", "instant loans, no checks, click here"),
    "chain": ("sign-up for the {p} group order, add your line", "sign-up: weekend {c} meetup"),
    "chain_entry": ("{n}. one {p} for me", "{n}. two please", "{n}. +1"),
    "hot": ("did you see the news on {h}?", "what is behind {h}?", "everybody talks about {h}", "my two cents on {h}"),
    "service": ("hello, I will look into the {p}, please send me the order number", "noted, you will hear from us today", "welcome, please read the group rules"),
    "review_good": ("very happy with the {p}", "second time I buy the {p}, still good", "the {p} is as described"),
    "review_bad": ("the {p} was so so", "the {p} had a flaw and support was slow", "not for me, sent it back"),
}  # fmt: skip

HOT = ("the white tea study", "the new baby food standard", "sunscreen labels", "full campsites", "nut prices", "diffuser safety", "serum mix-ups", "the hiking rescue", "bottle materials", "overnight cold brew")  # fmt: skip
FESTIVALS = {
    "spring_festival": "Spring Festival", "dragon_boat": "Dragon Boat", "qixi": "Qixi", "mid_autumn": "Mid-Autumn", "new_year": "New Year",
    "valentine": "Valentine", "women_day": "Women's Day", "children_day": "Children's Day", "mid_year_sale": "the 618 sale",
    "national_day": "National Day", "double_eleven": "Double Eleven", "christmas": "Christmas",
}  # fmt: skip
