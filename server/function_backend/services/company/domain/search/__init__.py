"""Finding companies by name: how names become words, how words with typing errors meet, how results are ranked."""
