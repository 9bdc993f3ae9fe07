"""Texts as such: their words, their language, and which of them are nearly the same.

    language_of("Quel temps fera-t-il demain à Paris ?")     # 'fr'
    near_duplicates(texts, 0.8)                              # [None, None, 0, ...]
"""
