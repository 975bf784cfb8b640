"""What is made of the models' rows: pure functions from scores and facts to decisions.

    registry.py       the tasks, one line each
    sentiment.py      a review's label
      rating.py       that of a review which is a rating and nothing else
    aspects.py        what a review speaks of, and how
    moderation.py     what is to be held of a review
      threats.py      open threats, by their words
    explanation.py    which words of the review moved its score
    language.py       which language a text should be answered in
    intents.py        what customers write about
    reply.py          the answer to a customer, or the decision that a person should give it
      reading.py      the intent row, read with the turns before it
      small_talk.py   greetings, thanks and "ok", by their words
      negated.py      wishes that are taken back
      cancelled.py    orders that are told to have been cancelled
      missing.py      parcels that are told not to have come
      unread.py       what no model read
      own_orders.py   which of the customer's own orders is meant
      order_answers.py  what to say of one order
      phrases.py      every sentence, in both languages
      spoken.py       dates and goods as people write them
      draft.py        what it decides
    knowledge.py      a shop's questions and answers
      similarity.py   likeness of short texts
    facts.py          orders and conversations, as tables keep them
    recommend.py      what a customer may like next
      catalogue.py    what can be bought, with its vectors
      purchases.py    what a customer bought, as tables keep it

Knows neither torch nor Kafka.
"""
