// The two lines of `msgpackr` that data in the field was written with, in their plain dialect.
import * as current from 'msgpackr';
import * as older from 'msgpackr-1';

export const LINES = { 'msgpackr 2': current, 'msgpackr 1.11': older };
