import type { FastifyReply } from 'fastify';
import { jobUrl } from './context.js';

const RETRY_AFTER_S = 2;

/** 202: the job goes on, and this is where it can be looked at. */
export const sendAccepted = (reply: FastifyReply, id: string): FastifyReply =>
  reply
    .code(202)
    .headers({ location: jobUrl(id), 'retry-after': RETRY_AFTER_S })
    .send({ id, status: 'running', requested: 'start' });
