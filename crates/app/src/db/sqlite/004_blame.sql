-- How much speaks for the photo being what its processors die of.
ALTER TABLE photos ADD COLUMN process_blame INTEGER NOT NULL DEFAULT 0;
